// sequence_numeric_column: sequences of numbers, padded to the longest.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/layers/sequence_places.h>

#include <algorithm>

namespace weft {

int64_t SequenceNumericColumn::width() const {
  int64_t product = 1;
  for (const int64_t extent : shape) product *= extent;
  return product;
}

SequenceNumericColumn sequence_numeric_column(SequenceNumericColumn column) {
  check_numbers("sequence_numeric_column", column.key, column.shape, column.dtype);
  return column;
}

namespace {

constexpr const char* kWhere = "[sequence_numeric_column]";

const Feature& number_feature(const SequenceNumericColumn& column, const Features& features) {
  const Feature& feature = features.at(column.key);
  if (!feature.sparse) {
    throw ValueError(
        fmt::format("{} Input must be a SparseTensor: got a dense feature. key: {}. Parse it as a "
                    "VarLenFeature.",
                    kWhere, column.key));
  }
  if (feature.type == DataType::string) {
    throw ValueError(
        fmt::format("{} Cast string to float is not supported. key: {}. Give numbers.", kWhere, column.key));
  }
  return categorical_feature(features, column.key);
}

// The place of value i within its example's padded numbers, all axes but the first laid out in row order.
int64_t flat_index(const SequenceNumericColumn& column, const Feature& feature, int64_t i, int64_t first) {
  if (feature.indices.empty()) return i - first;
  const size_t inner = feature.shape.size() - 1;
  int64_t flat = 0;
  for (size_t axis = 0; axis < inner; ++axis) {
    const int64_t index = feature.indices[static_cast<size_t>(i) * inner + axis];
    const int64_t extent = feature.shape[axis + 1];
    if (index < 0 || index >= extent) {
      throw ValueError(
          fmt::format("{} feature {} has an index out of place: got {} on axis {}, expected one in [0, {}). "
                      "Give indices within the shape.",
                      kWhere, column.key, index, axis + 1, extent));
    }
    flat = flat * extent + index;
  }
  return flat;
}

// Calls number(b, flat, i) for each value i of example b.
template <class Number>
void walk_numbers(const SequenceNumericColumn& column, const Feature& feature, Number&& number) {
  for (size_t b = 0; b + 1 < feature.offsets.size(); ++b) {
    const int64_t first = feature.offsets[b];
    for (int64_t i = first; i < feature.offsets[b + 1]; ++i) {
      number(static_cast<int64_t>(b), flat_index(column, feature, i, first), static_cast<size_t>(i));
    }
  }
}

}  // namespace

SequenceExtent sequence_extent(const SequenceNumericColumn& column, const Features& features) {
  const Feature& feature = number_feature(column, features);
  const int64_t width = column.width();
  SequenceExtent padded{static_cast<int64_t>(feature.offsets.size()) - 1, sparse_steps(column.key, feature)};
  check_places(column.key, padded);
  for (size_t axis = 2; axis < feature.shape.size(); ++axis) {
    padded.steps *= feature.shape[axis];
    check_places(column.key, padded);
  }
  if (padded.batch > 0 && padded.steps % width != 0) {
    throw ValueError(
        fmt::format("{} Dimension size must be evenly divisible by {} but is {}: the sequences of {} have {} numbers "
                    "with their padding, a step {}. Give every step all its numbers.",
                    kWhere, padded.batch * width, padded.places(), column.key, padded.steps, width));
  }
  // TensorFlow's reshape of nothing at all finds one step.
  if (padded.batch == 0 && padded.steps == 0) return {0, 1};
  return {padded.batch, padded.steps / width};
}

void sequence_numeric_values(const SequenceNumericColumn& column, const Features& features, const DenseRows& out) {
  const SequenceExtent extent = sequence_extent(column, features);
  const Feature& feature = features.at(column.key);
  const int64_t width = column.width();
  for (int64_t row = 0; row < extent.places(); ++row) {
    std::fill_n(out.data + row * out.stride, width, static_cast<float>(column.default_value));
  }
  const bool integers = is_integer(feature.type);
  walk_numbers(column, feature, [&](int64_t b, int64_t flat, size_t i) {
    float x = integers ? static_cast<float>(feature.integers[i]) : feature.floats[i];
    if (column.normalizer_fn) x = column.normalizer_fn(x);
    if (flat >= extent.steps * width) {
      throw ValueError(
          fmt::format("{} feature {} has more numbers than its shape says: got number {} of example {}, "
                      "expected {} at most. Give indices, or a shape that fits.",
                      kWhere, column.key, flat + 1, b, extent.steps * width));
    }
    out.data[(b * extent.steps + flat / width) * out.stride + flat % width] = x;
  });
}

void sequence_lengths(const SequenceNumericColumn& column, const Features& features, std::span<int64_t> lengths) {
  const Feature& feature = number_feature(column, features);
  const bool flat_steps = feature.shape.size() <= 2;
  int64_t per_step = column.width();
  if (!flat_steps) {
    per_step = 1;
    for (size_t axis = 2; axis < feature.shape.size(); ++axis) per_step *= feature.shape[axis];
  }
  std::ranges::fill(lengths, 0);
  walk_numbers(column, feature, [&](int64_t b, int64_t flat, size_t) {
    int64_t& length = lengths[static_cast<size_t>(b)];
    length = std::max(length, flat / per_step + 1);
  });
}

}  // namespace weft

namespace {
using FloatRows = std::vector<std::vector<float>>;
std::vector<float> values_of(const weft::SequenceNumericColumn& column, const weft::Features& features) {
  const int64_t width = column.width(), places = weft::sequence_extent(column, features).places();
  std::vector<float> out(static_cast<size_t>(places * width), 77.0f);
  weft::sequence_numeric_values(column, features, {.data = out.data(), .stride = width});
  return out;
}
std::vector<int64_t> lengths_of_numbers(const weft::SequenceNumericColumn& column, const weft::Features& features) {
  std::vector<int64_t> out(static_cast<size_t>(weft::sequence_extent(column, features).batch));
  weft::sequence_lengths(column, features, out);
  return out;
}
}  // namespace

TEST_CASE("sequence numeric column: padded with the default; the normalizer sees only what is there") {
  using namespace weft;
  Features features;
  features["n"] = sparse_feature(FloatRows{{1, 2, 3}, {}, {4}});
  CHECK(values_of({.key = "n"}, features) == std::vector<float>{1, 2, 3, 0, 0, 0, 4, 0, 0});
  const SequenceNumericColumn column{.key = "n", .default_value = -1, .normalizer_fn = [](float x) { return 10 * x; }};
  CHECK(values_of(column, features) == std::vector<float>{10, 20, 30, -1, -1, -1, 40, -1, -1});
  CHECK(lengths_of_numbers(column, features) == std::vector<int64_t>{3, 0, 1});
}

TEST_CASE("sequence numeric column: steps of several numbers, gaps, a third axis") {
  using namespace weft;
  Features features;
  Feature& n = features["n"];
  n = sparse_feature(FloatRows{{1, 2, 3}, {4}});
  n.shape = {2, 4};
  const SequenceNumericColumn pairs{.key = "n", .shape = {2}};
  CHECK(sequence_extent(pairs, features) == SequenceExtent{2, 2});
  CHECK(values_of(pairs, features) == std::vector<float>{1, 2, 3, 0, 4, 0, 0, 0});
  CHECK(lengths_of_numbers(pairs, features) == std::vector<int64_t>{2, 1});
  n.indices = {0, 2, 3, 1};
  CHECK(values_of(pairs, features) == std::vector<float>{1, 0, 2, 3, 0, 4, 0, 0});
  // A third axis: TensorFlow counts lengths along the second whatever the shape.
  n.shape = {2, 2, 2};
  n.indices = {0, 0, 0, 1, 1, 0, 1, 1};
  CHECK(values_of(pairs, features) == std::vector<float>{1, 2, 3, 0, 0, 0, 0, 4});
  CHECK(lengths_of_numbers(pairs, features) == std::vector<int64_t>{2, 2});
  CHECK(values_of({.key = "n"}, features).size() == 8);
  CHECK(lengths_of_numbers({.key = "n"}, features) == std::vector<int64_t>{2, 2});
}

TEST_CASE("sequence numeric column: integers are cast, empty batches and sequences are nothing") {
  using namespace weft;
  Features features;
  features["n"] = sparse_feature(std::vector<std::vector<int64_t>>{{7}, {}});
  CHECK(values_of({.key = "n", .default_value = 3, .dtype = DataType::int64}, features) == std::vector<float>{7, 3});
  features["n"] = sparse_feature(FloatRows{{}, {}});
  CHECK(values_of({.key = "n"}, features).empty());
  CHECK(lengths_of_numbers({.key = "n", .shape = {2}}, features) == std::vector<int64_t>{0, 0});
  features["n"] = sparse_feature(FloatRows{});
  CHECK(lengths_of_numbers({.key = "n"}, features).empty());
}

TEST_CASE("sequence numeric column: bad arguments and features") {
  using namespace weft;
  CHECK_THROWS_WITH_AS(sequence_numeric_column({.key = "n", .shape = {0}}),
                       doctest::Contains("shape dimensions must be greater than 0. shape: (0,), key: n"), ValueError);
  CHECK_THROWS_WITH_AS(sequence_numeric_column({.key = "n", .dtype = DataType::string}),
                       doctest::Contains("dtype must be convertible to float."), ValueError);
  Features features;
  const auto refuses = [&](const SequenceNumericColumn& column, const char* text) {
    CHECK_THROWS_WITH_AS(values_of(column, features), doctest::Contains(text), ValueError);
  };
  features["n"] = dense_feature(std::vector<float>{1});
  refuses({.key = "n"}, "Input must be a SparseTensor");
  features["n"] = sparse_feature(std::vector<std::vector<std::string_view>>{{"a"}});
  refuses({.key = "n"}, "Cast string to float is not supported");
  Feature& n = features["n"];
  n = sparse_feature(FloatRows{{1, 2, 3}, {4}});
  refuses({.key = "n", .shape = {2}}, "Dimension size must be evenly divisible by 4 but is 6");
  n.shape = {2, 2};
  refuses({.key = "n"}, "has more numbers than its shape says");
  n.indices = {0, 2, 1, 0};
  refuses({.key = "n"}, "got 2 on axis 1, expected one in [0, 2)");
  n.shape = {2, int64_t{1} << 30, int64_t{1} << 30};
  n.indices = {0, 0, 0, 1, 0, 2, 0, 0};
  refuses({.key = "n"}, "too many places");
}
