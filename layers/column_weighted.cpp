// weighted_categorical_column: a weight an id, from another feature.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/layers/column_kinds.h>
#include <weft/layers/column_text.h>

namespace weft {

CategoricalColumn weighted_categorical_column(CategoricalColumn categorical_column, const WeightedOptions& options) {
  constexpr const char* where = "[weighted_categorical_column]";
  if (options.dtype == DataType::string) {
    throw ValueError(fmt::format("{} dtype {} is not convertible to float. Give a type of numbers.", where,
                                 dtype_text(options.dtype)));
  }
  return CategoricalColumn(WeightedColumn{std::make_shared<const CategoricalColumn>(std::move(categorical_column)),
                                          options.weight_feature_key, options.dtype});
}

namespace {

// TensorFlow's input layers make float32 of a dense floating feature before a column sees it.
DataType seen_type(const Feature& feature) {
  return !feature.sparse && is_floating(feature.type) ? DataType::float32 : feature.type;
}

void check_weight_type(const WeightedColumn& column, const Feature& feature) {
  const DataType seen = seen_type(feature);
  if (seen == column.dtype || (is_floating(column.dtype) && !feature.sparse && seen == DataType::float32)) return;
  throw ValueError(
      fmt::format("[weighted_categorical_column] Bad dtype, expected {}, but got {}. key: {}. Give the "
                  "column the weights' dtype.",
                  dtype_text(column.dtype), dtype_text(seen), column.weight_feature_key));
}

// TensorFlow finds the difference in different places, and says so in different words.
void check_count(const WeightedColumn& column, size_t ids, size_t weights) {
  if (ids == weights) return;
  throw ValueError(fmt::format(
      "[weighted_categorical_column] Incompatible shapes: [{0}] vs. [{1}]{2}: Dimensions {0} and {1} are not "
      "compatible: got {0} ids of {3} and {1} weights of {4}. Give each id its weight; dense weights of 0 "
      "count as missing.",
      ids, weights, weights == 1 ? " (indices[1] = 1 is not in [0, 1))" : "", column.categorical_column->name(),
      column.weight_feature_key));
}

}  // namespace

void weighted_ids(const WeightedColumn& column, const Features& features, const Ids& ids, Ids& out) {
  const Feature& feature = categorical_feature(features, column.weight_feature_key);
  check_weight_type(column, feature);
  out.offsets.assign(ids.offsets.begin(), ids.offsets.end());
  out.ids.assign(ids.ids.begin(), ids.ids.end());
  out.out_of_vocabulary = ids.out_of_vocabulary;
  const bool integers = is_integer(feature.type);
  const size_t count = integers ? feature.integers.size() : feature.floats.size();
  out.weights.resize(count);
  size_t kept = 0;
  for (size_t i = 0; i < count; ++i) {
    const float weight = integers ? static_cast<float>(feature.integers[i]) : feature.floats[i];
    if (feature.sparse || weight != 0.0f) out.weights[kept++] = weight;
  }
  out.weights.resize(kept);
  check_count(column, out.ids.size(), kept);
}

}  // namespace weft

namespace {
using IntegerRows = std::vector<std::vector<int64_t>>;
using FloatRows = std::vector<std::vector<float>>;
weft::Ids weighted(const weft::Features& features, weft::DataType dtype = weft::DataType::float32) {
  const weft::IdentityColumn a{.key = "a", .num_buckets = 5};
  const auto column = weft::weighted_categorical_column(weft::categorical_column_with_identity(a),
                                                        {.weight_feature_key = "w", .dtype = dtype});
  weft::Ids ids, out;
  weft::identity_ids(a, features, ids);
  weft::weighted_ids(*column.get_if<weft::WeightedColumn>(), features, ids, out);
  return out;
}
}  // namespace

TEST_CASE("weighted column: sparse weights pass unchanged, integers are cast") {
  using namespace weft;
  Features features;
  features["a"] = sparse_feature(IntegerRows{{1, 2}, {}, {3}});
  features["w"] = sparse_feature(FloatRows{{0.0f, -2.0f}, {}, {0.5f}});
  Ids ids = weighted(features);
  CHECK(ids.offsets == std::vector<int64_t>{0, 2, 2, 3});
  CHECK(ids.ids == std::vector<int64_t>{1, 2, 3});
  CHECK(ids.weights == std::vector<float>{0, -2, 0.5f});
  features["w"] = sparse_feature(IntegerRows{{0, -2}, {}, {4}});
  CHECK(weighted(features, DataType::int64).weights == std::vector<float>{0, -2, 4});
}

TEST_CASE("weighted column: a dense weight of 0 is missing, so that counts differ") {
  using namespace weft;
  Features features;
  features["a"] = dense_feature(std::vector<int64_t>{1, 2});
  features["w"] = dense_feature(std::vector<float>{0.5f, 2});
  CHECK(weighted(features).weights == std::vector<float>{0.5f, 2});
  features["w"].type = DataType::float64;  // dense floating features count as float32
  CHECK(weighted(features).weights == std::vector<float>{0.5f, 2});
  features["w"] = dense_feature(std::vector<float>{0.5f, 0});
  CHECK_THROWS_WITH_AS(weighted(features), doctest::Contains("Incompatible shapes: [2] vs. [1]"), ValueError);
  features["w"] = dense_feature(std::vector<float>{0, 0});
  CHECK_THROWS_WITH_AS(weighted(features), doctest::Contains("Incompatible shapes: [2] vs. [0]"), ValueError);
}

TEST_CASE("weighted column: bad weights") {
  using namespace weft;
  CHECK_THROWS_WITH_AS(weighted_categorical_column(categorical_column_with_identity({.key = "a", .num_buckets = 5}),
                                                   {.weight_feature_key = "w", .dtype = DataType::string}),
                       doctest::Contains("dtype <dtype: 'string'> is not convertible to float."), ValueError);
  Features features;
  features["a"] = sparse_feature(IntegerRows{{1, 2}, {3}});
  CHECK_THROWS_WITH_AS(weighted(features), doctest::Contains("Feature w is not in features dictionary"), ValueError);
  features["w"] = sparse_feature(FloatRows{{1.0f}, {2.0f}});
  CHECK_THROWS_WITH_AS(weighted(features), doctest::Contains("Dimensions 3 and 2 are not compatible"), ValueError);
  features["w"].type = DataType::float64;
  CHECK_THROWS_WITH_AS(weighted(features),
                       doctest::Contains("Bad dtype, expected <dtype: 'float32'>, but got <dtype: 'float64'>."),
                       ValueError);
}
