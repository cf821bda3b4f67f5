// indicator_column: how often each id occurs in an example, or the sum of its weights.
#include <doctest/doctest.h>
#include <weft/layers/column_kinds.h>

namespace weft {

FeatureColumn indicator_column(CategoricalColumn categorical_column) {
  return IndicatorColumn{std::move(categorical_column)};
}

void indicator_values(const Ids& ids, int64_t width, const DenseRows& out) {
  const auto batch = static_cast<size_t>(ids.batch());
  for (size_t row = 0; row < batch; ++row) {
    float* to = out.data + static_cast<int64_t>(row) * out.stride;
    for (auto i = static_cast<size_t>(ids.offsets[row]); i < static_cast<size_t>(ids.offsets[row + 1]); ++i) {
      if (ids.ids[i] >= 0 && ids.ids[i] < width) to[ids.ids[i]] += ids.weighted() ? ids.weights[i] : 1.0f;
    }
  }
}

}  // namespace weft

TEST_CASE("indicator column: counts, and sums of weights; ids out of range count nowhere") {
  using namespace weft;
  Ids ids;
  ids.offsets = {0, 4, 4, 6};
  ids.ids = {1, 1, -1, 3, 2, 0};
  std::vector<float> out(12, 0.0f);
  indicator_values(ids, 3, {.data = out.data() + 1, .stride = 4});
  CHECK(out == std::vector<float>{0, 0, 2, 0, 0, 0, 0, 0, 0, 1, 0, 1});
  ids.weights = {0.5f, -2, 9, 9, 0, 3};
  out.assign(12, 0.0f);
  indicator_values(ids, 3, {.data = out.data(), .stride = 4});
  CHECK(out == std::vector<float>{0, -1.5f, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0});
}
