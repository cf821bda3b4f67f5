// bucketized_column: which interval between boundaries a number lies in.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/layers/column_kinds.h>
#include <weft/layers/column_text.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace weft {

CategoricalColumn bucketized_column(NumericColumn source_column, std::vector<float> boundaries) {
  constexpr const char* where = "[bucketized_column]";
  if (source_column.shape.size() > 1) {
    throw ValueError(fmt::format("{} source_column must be one-dimensional column. Given: {}. Give it the shape {{n}}.",
                                 where, describe(source_column)));
  }
  if (boundaries.empty()) {
    throw ValueError(fmt::format("{} boundaries must not be empty. Give rising numbers.", where));
  }
  for (size_t i = 1; i < boundaries.size(); ++i) {
    if (boundaries[i - 1] < boundaries[i]) continue;
    throw ValueError(fmt::format("{} boundaries must be a sorted list: got {} before {}. Give rising numbers.", where,
                                 number_text(static_cast<double>(boundaries[i - 1])),
                                 number_text(static_cast<double>(boundaries[i]))));
  }
  return CategoricalColumn(BucketizedColumn{std::move(source_column), std::move(boundaries)});
}

namespace {

// upper_bound: a number on a boundary goes up, and NaN, which is below nothing, to the last bucket.
template <class Number>
void bucketize(const BucketizedColumn& column, const std::vector<Number>& values, std::vector<int64_t>& ids) {
  const auto& boundaries = column.boundaries;
  const auto per_element = static_cast<int64_t>(boundaries.size()) + 1;
  const int64_t width = column.source_column.width();
  const auto& normalizer = column.source_column.normalizer_fn;
  for (size_t i = 0; i < values.size(); ++i) {
    auto x = static_cast<float>(values[i]);
    if (normalizer) x = normalizer(x);
    const auto bucket = std::upper_bound(boundaries.begin(), boundaries.end(), x) - boundaries.begin();
    ids[i] = bucket + per_element * (static_cast<int64_t>(i) % width);
  }
}

}  // namespace

void bucketized_ids(const BucketizedColumn& column, const Features& features, Ids& out) {
  const int64_t batch = numeric_batch(column.source_column, features);
  const Feature& feature = features.at(column.source_column.key);
  const int64_t width = column.source_column.width();
  out.weights.clear();
  out.offsets.resize(static_cast<size_t>(batch) + 1);
  for (int64_t row = 0; row <= batch; ++row) out.offsets[static_cast<size_t>(row)] = row * width;
  out.ids.resize(static_cast<size_t>(batch * width));
  if (is_integer(feature.type)) {
    bucketize(column, feature.integers, out.ids);
  } else {
    bucketize(column, feature.floats, out.ids);
  }
}

}  // namespace weft

TEST_CASE("bucketized column: boundaries go up, NaN to the last, element k has ids of its own") {
  using namespace weft;
  const CategoricalColumn column = bucketized_column(numeric_column({.key = "x", .shape = {2}}), {0, 3});
  CHECK(column.num_buckets() == 6);
  Features features;
  features["x"] = dense_feature(std::vector<float>{-1, -1, 0, 3, std::numeric_limits<float>::quiet_NaN(), 2.5f});
  features["x"].shape = {3, 2};
  Ids ids;
  bucketized_ids(*column.get_if<BucketizedColumn>(), features, ids);
  CHECK(ids.offsets == std::vector<int64_t>{0, 2, 4, 6});
  CHECK(ids.ids == std::vector<int64_t>{0, 3, 1, 5, 2, 4});
}

TEST_CASE("bucketized column: the normalizer runs before the buckets") {
  using namespace weft;
  const CategoricalColumn column =
      bucketized_column(numeric_column({.key = "x", .normalizer_fn = [](float x) { return -x; }}), {0});
  Features features;
  features["x"] = dense_feature(std::vector<int64_t>{5, -5});
  Ids ids;
  bucketized_ids(*column.get_if<BucketizedColumn>(), features, ids);
  CHECK(ids.ids == std::vector<int64_t>{0, 1});
}

TEST_CASE("bucketized column: bad arguments") {
  using namespace weft;
  const auto refuses = [](NumericColumn source, std::vector<float> boundaries, const char* text) {
    CHECK_THROWS_WITH_AS(bucketized_column(std::move(source), std::move(boundaries)), doctest::Contains(text),
                         ValueError);
  };
  refuses({.key = "x"}, {}, "boundaries must not be empty.");
  refuses({.key = "x"}, {2, 1}, "boundaries must be a sorted list");
  refuses({.key = "x"}, {1, 1}, "boundaries must be a sorted list");
  refuses({.key = "x", .shape = {2, 3}}, {0},
          "source_column must be one-dimensional column. Given: NumericColumn(key='x', shape=(2, 3), "
          "default_value=None, dtype=tf.float32");
}
