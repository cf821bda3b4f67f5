// Fuzz target: a TensorFlow checkpoint. What is listed can be read, whole and by rows, with the same numbers. The first
// byte chooses: an index (a part of two bytes' size) and the data as they are; or entries put through the writer of
// tables, since checksums stop changed bytes, each a part for the key and one for the value, as many as the second
// byte says. Then the checksums of the data are those that the entries should have.
#include <weft/core/error.h>
#include <weft/core/test_directory.h>
#include <weft/io/crc32c.h>
#include <weft/io/formats/table_file.h>
#include <weft/io/formats/tensor_bundle.h>
#include <weft/io/formats/tensor_bundle_entry.h>

#include <algorithm>
#include <map>

#include "support/fuzz.h"
#include "support/read_tensors.h"

namespace {

using namespace weft;

/// The entry with the right checksum, if it is one of numbers that lie in `data`.
std::string mended(std::string_view value, std::string_view data) {
  auto entry = bundle::parse_entry(value);
  if (!entry || !entry->slices.empty() || entry->unknown_rank) return std::string(value);
  const auto offset = static_cast<uint64_t>(entry->offset), size = static_cast<uint64_t>(entry->size);
  if (offset > data.size() || size > data.size() - offset) return std::string(value);
  entry->masked_crc = masked_crc32c(data.substr(offset, size));
  return bundle::entry_bytes(*entry);
}

std::string take_index(std::string_view& input) {
  std::map<std::string, std::string> values;  // sorted, as the writer wants them
  for (int left = fuzz::take_choice(input); left > 0; --left) {
    const std::string_view key = fuzz::take_part(input);
    values[std::string(key)] = fuzz::take_part(input);
  }
  values.try_emplace("", bundle::header_bytes({.shards = 1}));
  std::vector<TableEntry> entries;
  for (const auto& [key, value] : values) entries.push_back({key, key.empty() ? value : mended(value, input)});
  return table_bytes(entries);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const TestDirectory directory;
  std::string_view input = fuzz::text_of(data, size);
  const bool raw = fuzz::take_choice(input) % 2 == 0;
  directory.put("m.index", raw ? std::string(fuzz::take_part(input, 2)) : take_index(input));
  directory.put("m.data-00000-of-00001", input);
  try {
    fuzz::read_tensors(open_tensor_bundle(directory.file("m")));
  } catch (const DataError&) {
  } catch (const IoError&) {  // a shard that is not there
  }
  return 0;
}
