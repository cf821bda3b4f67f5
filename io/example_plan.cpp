// ExamplePlan: a specification's columns, and a small hash table of their keys.
#include <weft/core/error.h>
#include <weft/io/example_columns.h>
#include <weft/io/example_plan.h>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <tuple>
#include <utility>

namespace weft {
namespace {

// Keys of one specification are few and mostly differ in length or at their ends.
size_t hash_of(std::string_view key) {
  uint64_t first = 0, last = 0;
  const size_t n = std::min<size_t>(key.size(), 8);
  if (n > 0) {
    std::memcpy(&first, key.data(), n);
    std::memcpy(&last, key.data() + key.size() - n, n);
  }
  const uint64_t mixed = (first + key.size()) * 0x9e3779b97f4a7c15 + last * 0xc2b2ae3d27d4eb4f;
  return static_cast<size_t>((mixed ^ mixed >> 32) * 0x9e3779b97f4a7c15 >> 32);
}

}  // namespace

ExamplePlan::ExamplePlan(ParseSpec specification) : spec(std::move(specification)) {
  if (spec.empty())
    throw ValueError(
        "[parse_example] spec: got no feature, expected at least one (Argument `features` cannot be None.). Name the "
        "features to read.");
  std::tie(columns, composites) = columns_of(spec);
  for (auto& column : columns) {
    column.default_strings.assign(column.default_value.strings.begin(), column.default_value.strings.end());
    has_default_strings |= !column.default_strings.empty();
  }
  slots_.assign(std::bit_ceil(2 * columns.size() + 2), static_cast<uint32_t>(columns.size()));
  for (size_t i = 0; i < columns.size(); ++i) {
    size_t slot = hash_of(columns[i].key) & (slots_.size() - 1);
    while (slots_[slot] != columns.size()) slot = (slot + 1) & (slots_.size() - 1);
    slots_[slot] = static_cast<uint32_t>(i);
  }
}

size_t ExamplePlan::find(std::string_view key) const {
  for (size_t slot = hash_of(key) & (slots_.size() - 1);; slot = (slot + 1) & (slots_.size() - 1)) {
    const size_t column = slots_[slot];
    if (column == columns.size() || columns[column].key == key) return column;
  }
}

TEST_CASE("example_plan: every key is found, no other") {
  ParseSpec spec = {{"", VarLenFeature{}}};
  for (int i = 0; i < 200; ++i)
    spec.emplace(fmt::format("feature_{}_{}", i, std::string(static_cast<size_t>(i), 'x')), VarLenFeature{});
  const ExamplePlan plan(spec);
  for (size_t i = 0; i < plan.columns.size(); ++i) CHECK(plan.find(plan.columns[i].key) == i);
  CHECK(plan.find("feature_") == 201);
  CHECK(plan.find("feature_1_y") == 201);
  CHECK(plan.columns[0].head == std::string("\x0a\x00\x12", 3));
  CHECK(ExamplePlan({{std::string(200, 'k'), VarLenFeature{}}}).columns[0].head ==
        "\x0a\xc8\x01" + std::string(200, 'k') + "\x12");
}

TEST_CASE("example_plan: what can't be parsed is refused") {
  const auto refuse = [](FeatureSpec feature, const char* text) {
    CHECK_THROWS_WITH_AS(ExamplePlan({{"x", std::move(feature)}}), doctest::Contains(text), ValueError);
  };
  CHECK_THROWS_AS(ExamplePlan(ParseSpec{}), ValueError);
  refuse(FixedLenFeature{.shape = {}, .type = DataType::int32},
         "Value for attr 'Tdense' of int32 is not in the list of allowed values");
  refuse(VarLenFeature{.type = DataType::float64}, "Value for attr 'sparse_types' of double is not in the list");
  refuse(FixedLenFeature{.shape = {2, -1}},
         "All dimensions of shape for feature x need to be known but received [2,-1]");
  refuse(FixedLenFeature{.shape = {-1}}, "First dimension of shape for feature x unknown");
  refuse(FixedLenFeature{.shape = {INT64_MAX, 3}}, "too many elements");
  const FixedLenFeature::Default three{.floats = {1, 2, 3}}, text{.strings = {"a"}}, integer{.integers = {7}};
  refuse(FixedLenFeature{.shape = {2}, .default_value = three},
         "Input to reshape is a tensor with 3 values, but the requested shape has 2");
  refuse(FixedLenFeature{.shape = {3}, .type = DataType::int64, .default_value = integer},
         "Input to reshape is a tensor with 1 values, but the requested shape has 3");
  refuse(FixedLenFeature{.shape = {}, .default_value = text}, "default_value: got 0 floats, 0 integers, 1 strings");
  CHECK(ExamplePlan({{"x", FixedLenFeature{.shape = {}, .default_value = integer}}}).columns[0].default_value.floats ==
        std::vector<float>{7});
}

}  // namespace weft
