// slice_example: rows copied feature by feature.
#include <doctest/doctest.h>
#include <weft/estimator/training/slice.h>

#include <algorithm>

namespace weft {

namespace {

template <class T>
void copy(const std::vector<T>& from, int64_t first, int64_t end, std::vector<T>& to) {
  const auto size = static_cast<int64_t>(from.size());
  to.assign(from.begin() + std::min(first, size), from.begin() + std::min(end, size));
}

Feature slice(const Feature& feature, int64_t batch, int64_t i) {
  if (feature.shape.empty() || feature.shape[0] != batch || batch == 0) return feature;
  Feature out;
  out.type = feature.type;
  out.sparse = feature.sparse;
  out.shape = feature.shape;
  out.shape[0] = 1;
  const int64_t each = feature.size() / batch;
  const auto row = static_cast<size_t>(i);
  const int64_t first = feature.sparse ? feature.offsets[row] : i * each;
  const int64_t end = feature.sparse ? feature.offsets[row + 1] : first + each;
  copy(feature.floats, first, end, out.floats);
  copy(feature.integers, first, end, out.integers);
  copy(feature.strings, first, end, out.strings);
  if (!feature.sparse) return out;
  out.offsets = {0, end - first};
  const int64_t places = feature.indices.empty() ? 0 : static_cast<int64_t>(feature.shape.size()) - 1;
  copy(feature.indices, first * places, end * places, out.indices);
  return out;
}

}  // namespace

Batch slice_example(const Batch& batch, int64_t i) {
  Batch out;
  out.size = 1;
  for (const auto& [key, feature] : batch.features) out.features[key] = slice(*feature, batch.size, i);
  out.labels = slice(batch.labels, batch.size, i);
  return out;
}

TEST_CASE("slice: dense, sparse and ragged features, and the label") {
  Batch batch;
  batch.size = 3;
  batch.features["x"] = dense_feature(std::vector<float>{1, 2, 3, 4, 5, 6});
  batch.features["x"].shape = {3, 2};
  batch.features["ids"] = sparse_feature(std::vector<std::vector<int64_t>>{{7}, {}, {8, 9}});
  batch.features["ids"].shape = {3, 4, 5};
  batch.features["ids"].indices = {0, 1, 2, 3, 3, 4};
  batch.features["constant"] = dense_feature(std::vector<float>{1, 2});
  batch.labels = dense_feature(std::vector<int64_t>{0, 1, 1});
  const Batch last = slice_example(batch, 2), middle = slice_example(batch, 1);
  CHECK(last.size == 1);
  CHECK(last.features.at("x").floats == std::vector<float>{5, 6});
  CHECK(last.features.at("x").shape == std::vector<int64_t>{1, 2});
  CHECK(last.features.at("ids").integers == std::vector<int64_t>{8, 9});
  CHECK(last.features.at("ids").offsets == std::vector<int64_t>{0, 2});
  CHECK(last.features.at("ids").indices == std::vector<int64_t>{2, 3, 3, 4});
  CHECK(last.features.at("constant").floats.size() == 2);
  CHECK(last.labels.integers == std::vector<int64_t>{1});
  CHECK(middle.features.at("ids").integers.empty());
  CHECK(middle.features.at("ids").offsets == std::vector<int64_t>{0, 0});
}

}  // namespace weft
