// Fuzz target: a SequenceExample. What is read must be whole: as many values as the shapes and row splits say.
#include <weft/core/error.h>
#include <weft/io/sequence_example.h>

#include "support/fuzz.h"

namespace {

using namespace weft;

const SequenceExampleSpec& spec() {
  static const SequenceExampleSpec spec = {
      .context_features = {{"n", FixedLenFeature{.type = DataType::int64, .default_value = {{.integers = {1}}}}}},
      .sequence_features = {{"d", FixedLenSequenceFeature{.shape = {2}, .allow_missing = true}},
                            {"s", VarLenFeature{}},
                            {"r", RaggedFeature{.value_key = "v", .partitions = {RaggedFeature::RowLengths{"p"}}}},
                            {"v", RaggedFeature{}}}};
  return spec;
}

bool whole(const Feature& feature) {
  int64_t dense = 1;
  for (const int64_t extent : feature.shape) dense *= extent;
  if (!feature.sparse) return feature.size() == dense;
  const int64_t axes = std::ssize(feature.shape) - 1;
  if (feature.offsets.back() != feature.size() || std::ssize(feature.indices) != axes * feature.size()) return false;
  for (size_t i = 0; i < feature.indices.size(); ++i) {
    const int64_t index = feature.indices[i];
    if (index < 0 || index >= feature.shape[1 + i % static_cast<size_t>(axes)]) return false;
  }
  return feature.row_splits.empty() || feature.row_splits.back().back() == feature.size();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view examples[] = {fuzz::text_of(data, size), fuzz::text_of(data, size / 2)};
  try {
    const SequenceFeatures both = parse_sequence_example(examples, spec());
    for (const auto& [key, feature] : both.sequence) fuzz::check(whole(*feature), "the arrays don't fit each other");
  } catch (const DataError&) {
    return 0;
  }
  return 0;
}
