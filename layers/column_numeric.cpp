// numeric_column: numbers as they are, [batch, shape[0] * shape[1] * ...].
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/core/shape.h>
#include <weft/layers/column_kinds.h>
#include <weft/layers/column_text.h>

#include <cmath>

namespace weft {
namespace {

constexpr const char* kWhere = "[numeric_column]";

void check_default(const NumericColumn& column) {
  const auto count = static_cast<int64_t>(column.default_value.size());
  if (count > 1 && count != column.width()) {
    throw ValueError(
        fmt::format("{} The shape of default_value must be equal to given shape. default_value: {}, "
                    "shape: {}, key: {}. Give one number, or one an element.",
                    kWhere, list_text(column.default_value), shape_text(column.shape), column.key));
  }
  for (const double value : column.default_value) {
    if (is_integer(column.dtype) && value != std::floor(value)) {
      throw ValueError(
          fmt::format("{} default_value must be compatible with dtype. default_value: {}, dtype: {}, key: "
                      "{}. Give integers.",
                      kWhere, list_text(column.default_value), dtype_text(column.dtype), column.key));
    }
  }
}

template <class Number>
void copy_rows(const NumericColumn& column, const Number* values, int64_t batch, const DenseRows& out) {
  const int64_t width = column.width();
  for (int64_t row = 0; row < batch; ++row) {
    float* to = out.data + row * out.stride;
    for (int64_t i = 0; i < width; ++i) to[i] = static_cast<float>(values[row * width + i]);
    if (!column.normalizer_fn) continue;
    for (int64_t i = 0; i < width; ++i) to[i] = column.normalizer_fn(to[i]);
  }
}

}  // namespace

int64_t NumericColumn::width() const {
  int64_t product = 1;
  for (const int64_t extent : shape) product *= extent;
  return product;
}

bool NumericColumn::operator==(const NumericColumn& other) const {
  return !normalizer_fn && !other.normalizer_fn && key == other.key && shape == other.shape &&
         default_value == other.default_value && dtype == other.dtype;
}

void check_numbers(const char* where, const std::string& key, std::span<const int64_t> shape, DataType dtype) {
  for (const int64_t extent : shape) {
    if (extent > 0) continue;
    throw ValueError(
        fmt::format("[{}] shape dimensions must be greater than 0. shape: {}, key: {}. Give the extents of an "
                    "example's or a step's numbers.",
                    where, shape_text(shape), key));
  }
  static_cast<void>(Shape(shape).size());  // refuses too many axes and too large a product
  if (dtype != DataType::string) return;
  throw ValueError(fmt::format("[{}] dtype must be convertible to float. dtype: {}, key: {}. Give a type of numbers.",
                               where, dtype_text(dtype), key));
}

NumericColumn numeric_column(NumericColumn column) {
  check_numbers("numeric_column", column.key, column.shape, column.dtype);
  check_default(column);
  return column;
}

ParseSpec numeric_spec(const NumericColumn& column) {
  FixedLenFeature feature{.shape = column.shape, .type = column.dtype};
  if (!column.default_value.empty()) {
    FixedLenFeature::Default& value = feature.default_value.emplace();
    for (int64_t i = 0; i < column.width(); ++i) {
      const double number = column.default_value[column.default_value.size() == 1 ? 0 : static_cast<size_t>(i)];
      if (is_integer(column.dtype)) {
        value.integers.push_back(static_cast<int64_t>(number));
      } else {
        value.floats.push_back(static_cast<float>(number));
      }
    }
  }
  return {{column.key, std::move(feature)}};
}

int64_t numeric_batch(const NumericColumn& column, const Features& features) {
  const Feature& feature = features.at(column.key);
  if (feature.sparse) {
    throw ValueError(
        fmt::format("{} The corresponding Tensor of numerical column must be a Tensor. SparseTensor is not "
                    "supported. key: {}. Parse it as a FixedLenFeature.",
                    kWhere, column.key));
  }
  const Feature& rows = categorical_feature(features, column.key);
  if (rows.type == DataType::string) {
    throw ValueError(
        fmt::format("{} Cast string to float is not supported. key: {}. Give numbers.", kWhere, column.key));
  }
  const int64_t batch = rows.batch();
  const auto count = static_cast<int64_t>(is_integer(rows.type) ? rows.integers.size() : rows.floats.size());
  if (count != batch * column.width()) {
    throw ValueError(
        fmt::format("{} Cannot reshape a tensor with {} elements to shape [{},{}] ({} elements). key: {}. "
                    "Give the column the shape of an example's numbers.",
                    kWhere, count, batch, column.width(), batch * column.width(), column.key));
  }
  return batch;
}

void numeric_values(const NumericColumn& column, const Features& features, const DenseRows& out) {
  const int64_t batch = numeric_batch(column, features);
  const Feature& feature = features.at(column.key);
  if (is_integer(feature.type)) {
    copy_rows(column, feature.integers.data(), batch, out);
  } else {
    copy_rows(column, feature.floats.data(), batch, out);
  }
}

}  // namespace weft

namespace {
using FloatRows = std::vector<std::vector<float>>;
}  // namespace

TEST_CASE("numeric column: numbers, integers and the normalizer, in rows with a stride") {
  using namespace weft;
  Features features;
  features["x"] = dense_feature(std::vector<int64_t>{1, 2, 3, 4});
  features["x"].shape = {2, 2};
  std::vector<float> out(6, -1.0f);
  const NumericColumn column =
      numeric_column({.key = "x", .shape = {2}, .normalizer_fn = [](float x) { return (x - 2) / 4; }});
  numeric_values(column, features, {.data = out.data(), .stride = 3});
  CHECK(out == std::vector<float>{-0.25f, 0, -1, 0.25f, 0.5f, -1});
}

TEST_CASE("numeric column: spec and its defaults") {
  using namespace weft;
  const auto one = numeric_spec(numeric_column({.key = "x", .shape = {2}, .default_value = {3}}));
  CHECK(one == ParseSpec{{"x", FixedLenFeature{{2}, DataType::float32, FixedLenFeature::Default{.floats = {3, 3}}}}});
  const auto integers = numeric_spec(numeric_column({.key = "x", .default_value = {3}, .dtype = DataType::int64}));
  CHECK(integers == ParseSpec{{"x", FixedLenFeature{{1}, DataType::int64, FixedLenFeature::Default{.integers = {3}}}}});
  CHECK(numeric_spec(numeric_column({.key = "x"})) == ParseSpec{{"x", FixedLenFeature{{1}, DataType::float32}}});
}

TEST_CASE("numeric column: bad arguments") {
  using namespace weft;
  const auto refuses = [](NumericColumn column, const char* text) {
    CHECK_THROWS_WITH_AS(numeric_column(std::move(column)), doctest::Contains(text), ValueError);
  };
  refuses({.key = "x", .shape = {0}}, "shape dimensions must be greater than 0. shape: (0,), key: x");
  refuses({.key = "x", .shape = {-1, 2}}, "shape dimensions must be greater than 0. shape: (-1, 2), key: x");
  refuses({.key = "x", .dtype = DataType::string},
          "dtype must be convertible to float. dtype: <dtype: 'string'>, key: x");
  refuses({.key = "x", .default_value = {1, 2}},
          "must be equal to given shape. default_value: [1.0, 2.0], shape: (1,), key: x");
  refuses({.key = "x", .default_value = {1.5}, .dtype = DataType::int32},
          "default_value must be compatible with dtype. default_value: [1.5], dtype: <dtype: 'int32'>, key: x");
}

TEST_CASE("numeric column: bad features") {
  using namespace weft;
  Features features;
  const auto refuses = [&](const NumericColumn& column, const char* text) {
    CHECK_THROWS_WITH_AS(numeric_batch(column, features), doctest::Contains(text), ValueError);
  };
  features["x"] = sparse_feature(FloatRows{{1.0f}, {}});
  refuses({.key = "x"}, "SparseTensor is not supported. key: x");
  features["x"] = dense_feature(std::vector<float>{1, 2});
  refuses({.key = "x", .shape = {2}}, "Cannot reshape a tensor with 2 elements to shape [2,2] (4 elements)");
  features["x"].type = DataType::string;
  features["x"].strings = {"a", "b"};
  refuses({.key = "x"}, "Cast string to float is not supported");
  refuses({.key = "y"}, "Feature y is not in features dictionary");
}
