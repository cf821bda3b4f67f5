// Fuzz target: one example by the fast and by the plain pass. What the fast one takes, the plain one takes too, with
// the same values, and the public parser says the same.
#include <weft/core/error.h>
#include <weft/io/example.h>
#include <weft/io/example_passes.h>

#include <cstring>
#include <optional>

#include "support/fuzz.h"

namespace {

using namespace weft;

// Short keys, so that mutations meet them.
const ParseSpec& spec() {
  static const ParseSpec spec = {
      {"a", VarLenFeature{DataType::int64}},
      {"b", VarLenFeature{DataType::float32}},
      {"c", VarLenFeature{DataType::string}},
      {"d", FixedLenFeature{.shape = {2}, .type = DataType::int64, .default_value = {{.integers = {4, 5}}}}},
      {"e", FixedLenFeature{.shape = {}, .default_value = {{.floats = {1.5f}}}}},
      {"f", FixedLenFeature{.shape = {}, .type = DataType::string, .default_value = {{.strings = {"none"}}}}},
      {"g", FixedLenSequenceFeature{.shape = {2}, .allow_missing = true}},
      {"sparse", SparseFeature{.index_key = {"h", "i"}, .value_key = "c", .type = DataType::string, .size = {9, 300}}},
      {"lengths",
       RaggedFeature{.value_key = "j", .partitions = {RaggedFeature::RowLengths{"k"}, RaggedFeature::RowSplits{"l"}}}},
      {"ids",
       RaggedFeature{.value_key = "j", .partitions = {RaggedFeature::RowLimits{"m"}, RaggedFeature::ValueRowIds{"n"}}}},
      {"starts", RaggedFeature{.value_key = "j",
                               .partitions = {RaggedFeature::RowStarts{"o"}, RaggedFeature::UniformRowLength{2}}}},
  };
  return spec;
}

const ExamplePlan& plan() {
  static const ExamplePlan plan(spec());
  return plan;
}

bool same(const Feature& a, const Feature& b) {
  return a.shape == b.shape && a.offsets == b.offsets && a.indices == b.indices && a.row_splits == b.row_splits &&
         a.integers == b.integers && a.strings == b.strings && a.floats.size() == b.floats.size() &&
         (a.floats.empty() || std::memcmp(a.floats.data(), b.floats.data(), a.floats.size() * sizeof(float)) == 0);
}

bool same(const Features& a, const Features& b) {
  for (const auto& [key, feature] : a) {
    if (!same(*feature, b.at(key))) return false;
  }
  return true;
}

// The features, or nothing if `pass` or what is put together afterwards refuses the example.
template <class Pass>
std::optional<Features> features_by(const Pass& pass) {
  ExampleOutput output;
  Features features;
  output.begin(plan(), 1, features);
  try {
    if (!pass(output)) return {};
    output.finish(plan(), 1, {});
  } catch (const DataError&) {
    return {};
  }
  return features;
}

std::optional<Features> by_parser(std::string_view example) {
  static const ExampleParser parser(spec());
  Features features;
  try {
    parser.parse({&example, 1}, features);
  } catch (const DataError&) {
    return {};
  }
  return features;
}

// Whether a feature's arrays fit each other.
bool whole(const Feature& feature) {
  int64_t dense = 1;
  for (const int64_t extent : feature.shape) dense *= extent;
  if (!feature.sparse) return feature.size() == dense && feature.offsets.empty();
  const auto axes = static_cast<int64_t>(feature.shape.size()) - 1;
  if (feature.offsets != std::vector<int64_t>{0, feature.size()}) return false;
  if (feature.indices.empty()) return axes == 1 && feature.shape[1] == feature.size();
  for (size_t i = 0; i < feature.indices.size(); ++i) {
    const int64_t index = feature.indices[i];
    if (index < 0 || index >= feature.shape[1 + i % static_cast<size_t>(axes)]) return false;
  }
  return std::ssize(feature.indices) == axes * feature.size();
}

bool whole(const Features& features) {
  for (const auto& [key, feature] : features) {
    // Nothing at all has no indices, whatever its shape.
    if (!whole(*feature) && feature->size() > 0) return false;
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view example = fuzz::text_of(data, size);
  bool taken = true;  // by the fast pass, though what is put together afterwards may be refused
  const auto fast = features_by([&](ExampleOutput& out) { return taken = parse_fast(plan(), example, 0, out); });
  const auto plain = features_by([&](ExampleOutput& out) {
    parse_plain(plan(), example, 0, out, [] { return std::string("here"); });
    return true;
  });
  const auto parsed = by_parser(example);
  fuzz::check(!taken || fast.has_value() == plain.has_value(), "one pass took what the other refuses");
  fuzz::check(!fast || same(*fast, *plain), "the two passes differ");
  fuzz::check(plain.has_value() == parsed.has_value(), "the parser and the plain pass disagree");
  fuzz::check(!plain || same(*plain, *parsed), "the parser and the plain pass differ");
  fuzz::check(!plain || whole(*plain), "the arrays of a feature don't fit each other");
  return 0;
}
