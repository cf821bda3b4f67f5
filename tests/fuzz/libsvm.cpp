// Fuzz target: a libsvm or libffm file. The size of batches must not change what is read. The first byte chooses the
// format.
#include <weft/core/error.h>
#include <weft/io/read_libsvm.h>

#include <cmath>
#include <optional>
#include <vector>

#include "support/fuzz.h"

namespace {

using namespace weft;

struct Values {
  std::vector<float> labels;
  std::vector<int64_t> integers;
  std::vector<float> floats;
};

template <class T>
void append(std::vector<T>& out, const std::vector<T>& more) {
  out.insert(out.end(), more.begin(), more.end());
}

std::optional<Values> values_of(Dataset dataset, int64_t first_index, std::string_view key) {
  Values values;
  try {
    while (const Batch* batch = dataset.next()) {
      fuzz::check(std::ssize(batch->labels.floats) == batch->size, "a line without a label");
      append(values.labels, batch->labels.floats);
      for (const auto& [name, feature] : batch->features) {
        fuzz::check(feature->batch() == batch->size, "a feature of another size");
        if (name != key && name != std::string(key) + "_weight") continue;
        append(values.integers, feature->integers);
        append(values.floats, feature->floats);
      }
    }
  } catch (const DataError&) {
    return {};
  }
  fuzz::check(values.integers.size() == values.floats.size(), "an index without a value");
  for (const int64_t id : values.integers) fuzz::check(id >= 0 && id <= INT64_MAX - first_index, "no such id");
  return values;
}

std::optional<Values> read(const std::string& path, uint8_t choice, int64_t batch_size) {
  const bool zero_based = choice & 2, signed_labels = choice & 4, queries = choice & 8;
  const int64_t first_index = zero_based ? 0 : 1;
  if (choice & 1) {
    return values_of(read_libffm({.files = path,
                                  .num_fields = 3,
                                  .zero_based = zero_based,
                                  .signed_labels = signed_labels,
                                  .batch_size = batch_size}),
                     first_index, "field_1");
  }
  return values_of(read_libsvm({.files = path,
                                .zero_based = zero_based,
                                .signed_labels = signed_labels,
                                .qid_key = queries ? "query" : "",
                                .batch_size = batch_size}),
                   first_index, "features");
}

bool same(const std::vector<float>& a, const std::vector<float>& b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i)
    if (a[i] != b[i] && !(std::isnan(a[i]) && std::isnan(b[i]))) return false;
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text = fuzz::text_of(data, size);
  const uint8_t choice = fuzz::take_choice(text);
  const fuzz::MemoryFile file(text);
  const auto one = read(file.path(), choice, 1), many = read(file.path(), choice, 7);
  fuzz::check(one.has_value() == many.has_value(), "a line is right in one batch and wrong in another");
  fuzz::check(
      !one || (same(one->labels, many->labels) && one->integers == many->integers && same(one->floats, many->floats)),
      "other values in another batch");
  return 0;
}
