// The rows of a categorical column's feature: what is checked of it, and which of its values are ignored.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/layers/column_kinds.h>

#include <algorithm>

namespace weft {
namespace {

int64_t values_of(const Feature& feature) {
  if (feature.type == DataType::string) return static_cast<int64_t>(feature.strings.size());
  return static_cast<int64_t>(is_integer(feature.type) ? feature.integers.size() : feature.floats.size());
}

bool rows_fit(const Feature& feature) {
  const int64_t values = values_of(feature);
  if (feature.sparse) {
    const auto& offsets = feature.offsets;
    return !offsets.empty() && offsets.front() == 0 && offsets.back() == values &&
           std::is_sorted(offsets.begin(), offsets.end());
  }
  int64_t product = 1;
  for (const int64_t extent : feature.shape) product *= extent;
  return product == values && feature.shape[0] >= 0;
}

}  // namespace

const Feature& categorical_feature(const Features& features, std::string_view key) {
  const Feature& feature = features.at(key);
  if (!feature.sparse && feature.shape.empty()) {
    throw ValueError(fmt::format(
        "[input] Feature (key: {}) cannot have rank 0: got a scalar, expected [batch, ...]. Give it a batch axis.",
        key));
  }
  if (!rows_fit(feature)) {
    throw ValueError(
        fmt::format("[input] rows of feature {} don't fit its values: got {} values. Make sparse offsets "
                    "rise from 0 to the number of values, and a dense shape multiply to it.",
                    key, values_of(feature)));
  }
  return feature;
}

void lay_rows(const Feature& feature, Ids& out) {
  if (feature.type == DataType::string) {
    lay_rows(feature, out, [&](size_t i) { return feature.strings[i].empty(); });
  } else {
    lay_rows(feature, out, [&](size_t i) { return feature.integers[i] == -1; });
  }
}

}  // namespace weft

namespace {
using IntegerRows = std::vector<std::vector<int64_t>>;
}  // namespace

TEST_CASE("column rows: features whose rows don't fit are refused") {
  using namespace weft;
  Features features;
  Feature& a = features["a"];
  a = sparse_feature(IntegerRows{{1, 2}, {}});
  CHECK(&categorical_feature(features, "a") == &a);
  a.offsets = {0, 2, 3};
  CHECK_THROWS_AS(categorical_feature(features, "a"), ValueError);
  a.offsets = {0, 3, 2};
  CHECK_THROWS_AS(categorical_feature(features, "a"), ValueError);
  a.offsets = {};
  CHECK_THROWS_AS(categorical_feature(features, "a"), ValueError);
  a = dense_feature(std::vector<int64_t>{1, 2});
  a.shape = {2, 2};
  CHECK_THROWS_AS(categorical_feature(features, "a"), ValueError);
  a.shape = {};
  CHECK_THROWS_WITH_AS(categorical_feature(features, "a"), doctest::Contains("Feature (key: a) cannot have rank 0"),
                       ValueError);
  CHECK_THROWS_WITH_AS(categorical_feature(features, "b"), doctest::Contains("Feature b is not in features dictionary"),
                       ValueError);
}
