// PredictionRange: batches become single predictions.
#include <doctest/doctest.h>
#include <weft/estimator/heads/class_head.h>
#include <weft/estimator/prediction_range.h>

namespace weft {

PredictionRange::PredictionRange(Dataset input, PredictFn predict)
    : input_(std::move(input)), predict_(std::move(predict)), batch_(std::make_unique<Predictions>()) {}

bool PredictionRange::advance() {
  while (next_ >= batch_->batch) {
    const Batch* batch = input_.next();
    if (!batch) return false;
    predict_(*batch, *batch_);
    next_ = 0;
  }
  current_ = prediction_at(*batch_, next_++);
  return true;
}

TEST_CASE("prediction range: examples of all batches in order, empty batches are passed over") {
  const ClassHead head;
  const int sizes[] = {2, 0, 1};
  int made = 0;
  Dataset input([&](Batch& batch) {
    if (made == 3) return false;
    batch.size = sizes[made++];
    batch.features["x"] = dense_feature(std::vector<float>(static_cast<size_t>(batch.size), static_cast<float>(made)));
    return true;
  });
  PredictionRange range(std::move(input), [&](const Batch& batch, Predictions& out) {
    head.predict(Tensor::full(Shape{batch.features.at("x").batch(), 1}, static_cast<float>(made) - 1.5f), out);
  });
  std::vector<int64_t> classes;
  for (const Prediction& prediction : range) classes.push_back(prediction.class_ids[0]);
  CHECK(classes == std::vector<int64_t>{0, 0, 1});
}

}  // namespace weft
