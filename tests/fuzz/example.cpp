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
  };
  return spec;
}

bool same(const Feature& a, const Feature& b) {
  return a.shape == b.shape && a.offsets == b.offsets && a.indices == b.indices && a.integers == b.integers &&
         a.strings == b.strings && a.floats.size() == b.floats.size() &&
         (a.floats.empty() || std::memcmp(a.floats.data(), b.floats.data(), a.floats.size() * sizeof(float)) == 0);
}

bool same(const Features& a, const Features& b) {
  for (const auto& [key, feature] : a) {
    if (!same(*feature, b.at(key))) return false;
  }
  return true;
}

std::optional<Features> by_fast(const ExamplePlan& plan, std::string_view example) {
  ExampleOutput output;
  Features features;
  output.begin(plan, 1, features);
  if (!parse_fast(plan, example, 0, output)) return {};
  output.finish(1);
  return features;
}

std::optional<Features> by_plain(const ExamplePlan& plan, std::string_view example) {
  ExampleOutput output;
  Features features;
  output.begin(plan, 1, features);
  try {
    parse_plain(plan, example, 0, output, [] { return std::string("here"); });
  } catch (const DataError&) {
    return {};
  }
  output.finish(1);
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

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const ExamplePlan plan(spec());
  const std::string_view example = fuzz::text_of(data, size);
  const auto fast = by_fast(plan, example), plain = by_plain(plan, example), parsed = by_parser(example);
  fuzz::check(!fast || plain, "the fast pass took what the plain one refuses");
  fuzz::check(!fast || same(*fast, *plain), "the two passes differ");
  fuzz::check(plain.has_value() == parsed.has_value(), "the parser and the plain pass disagree");
  fuzz::check(!plain || same(*plain, *parsed), "the parser and the plain pass differ");
  return 0;
}
