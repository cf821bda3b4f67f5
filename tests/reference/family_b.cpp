// Family B: the other columns: their ids, their layers, and the hash that they share.
#include <fmt/format.h>
#include <weft/io/vocabulary.h>

#include "families.h"
#include "layer.h"

namespace weft::reference {
namespace {

// Fingerprints as 8 bytes each, and buckets by their number; of strings, or of integers as decimal text.
void run_hashes(const Fixture& fixture, Report& report) {
  const bool integers = fixture.has("integers");
  const Array words = fixture.array(integers ? "text" : "strings");
  const std::vector<int64_t> values = integers ? fixture.integers("integers") : std::vector<int64_t>();
  if (fixture.has("fingerprint64")) {
    std::vector<int64_t> bytes;
    for (const std::string& word : words.strings) {
      const uint64_t print = fingerprint64(word);
      for (int i = 0; i < 8; ++i) bytes.push_back(static_cast<int64_t>(print >> (8 * i) & 255));
    }
    report.equal("fingerprint64", bytes, fixture.integers("fingerprint64"));
  }
  for (const std::string& count : fixture.children("buckets")) {
    const int64_t buckets = std::stoll(count);
    std::vector<int64_t> got;
    for (size_t i = 0; i < words.strings.size(); ++i) {
      got.push_back(integers ? hash_bucket(values[i], buckets) : hash_bucket(words.strings[i], buckets));
      if (integers) report.equal("text", std::to_string(values[i]), words.strings[i]);
    }
    report.equal("buckets/" + count, got, fixture.integers("buckets/" + count));
  }
}

// A case with columns but no layer to compare: its categorical columns stand alone.
bool has_ids_only(const Fixture& fixture) {
  if (fixture.has("result")) return true;
  const Json& columns = fixture.config().at("columns");
  if (columns.empty()) return false;
  const auto kind = columns.at(0).value("kind", "");
  return !fixture.has("output") &&
         (kind.starts_with("categorical_column") || kind == "crossed_column" ||
          kind == "weighted_categorical_column") &&
         !fixture.config().contains("linear_model") && !fixture.config().contains("sequence");
}

}  // namespace

void run_family_b(const Fixture& fixture, Report& report) {
  if (!fixture.config().contains("columns")) return run_hashes(fixture, report);
  if (has_ids_only(fixture)) return run_id_case(fixture, report);
  run_layer_case(fixture, report);
}

}  // namespace weft::reference
