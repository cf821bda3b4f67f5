// Predictions: one example's view, and what the heads share.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <weft/core/error.h>
#include <weft/estimator/heads/predictions.h>

#include <cmath>

namespace weft {

namespace {

// Row i of a tensor of `rows` rows; nothing of one that isn't there.
std::span<const float> row_of(const Tensor& tensor, int64_t i, int64_t rows) {
  if (tensor.size() == 0 || rows == 0) return {};
  const size_t width = static_cast<size_t>(tensor.size() / rows);
  return tensor.values().subspan(static_cast<size_t>(i) * width, width);
}

template <class T>
std::span<const T> part_of(const std::vector<T>& all, int64_t i, int64_t rows) {
  if (all.empty() || rows == 0) return {};
  const size_t width = all.size() / static_cast<size_t>(rows);
  return {&all[static_cast<size_t>(i) * width], width};
}

}  // namespace

Prediction prediction_at(const Predictions& predictions, int64_t i) {
  const int64_t rows = predictions.batch;
  return {.predictions = row_of(predictions.predictions, i, rows),
          .logits = row_of(predictions.logits, i, rows),
          .logistic = row_of(predictions.logistic, i, rows),
          .probabilities = row_of(predictions.probabilities, i, rows),
          .class_ids = part_of(predictions.class_ids, i, rows),
          .classes = part_of(predictions.classes, i, rows),
          .all_class_ids = predictions.all_class_ids,
          .all_classes = predictions.all_classes,
          .batch = &predictions,
          .row = i};
}

std::span<const float> Prediction::other(std::string_view key) const {
  if (batch) {
    if (const auto found = batch->others.find(key); found != batch->others.end()) {
      return row_of(found->second, row, batch->batch);
    }
  }
  std::vector<std::string> keys;
  if (batch) {
    for (const auto& [name, numbers] : batch->others) keys.push_back(name);
  }
  throw ValueError(
      fmt::format("[Prediction] no such key: got '{}', expected one of: {}. Check what the model predicts.", key,
                  fmt::join(keys, ", ")));
}

namespace detail {

void ensure_shape(Tensor& tensor, const Shape& shape) {
  if (!(tensor.shape() == shape) || tensor.data() == nullptr) tensor = Tensor(shape);
}

float sigmoid(float x) {
  if (x >= 0.0f) return 1.0f / (1.0f + std::exp(-x));
  const float e = std::exp(x);
  return e / (1.0f + e);
}

void check_logits(const Tensor& logits, int64_t dimension) {
  const Shape& shape = logits.shape();
  if (shape.rank() == 2 && shape[1] == dimension) return;
  throw ValueError(fmt::format(
      "[head] logits shape must be [D0, D1, ... DN, logits_dimension]: got {}, expected [batch, {}]. Check the "
      "last layer's units.",
      to_string(shape), dimension));
}

}  // namespace detail

TEST_CASE("predictions: those of a model's own are told by key and row") {
  Predictions predictions;
  predictions.batch = 2;
  predictions.others["user"] = Tensor(Shape{2, 2}, {1, 2, 3, 4});
  const Prediction second = prediction_at(predictions, 1);
  CHECK(second.logits.empty());
  CHECK(second.class_ids.empty());
  REQUIRE(second.other("user").size() == 2);
  CHECK(second.other("user")[0] == 3.0f);
  CHECK_THROWS_WITH_AS(second.other("item"),
                       "[Prediction] no such key: got 'item', expected one of: user. Check what the model predicts.",
                       ValueError);
  CHECK_THROWS_AS(Prediction().other("user"), ValueError);
}

}  // namespace weft
