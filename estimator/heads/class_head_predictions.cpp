// ClassHead: predictions, from logits to probabilities and classes.
#include <doctest/doctest.h>
#include <weft/core/error.h>
#include <weft/estimator/heads/class_head.h>

#include <algorithm>
#include <cmath>

namespace weft {

namespace {

// What TensorFlow's index-to-string table answers for an id beyond the vocabulary.
constexpr std::string_view kUnknownClass = "UNK";

// Softmax of one row, in place of the logits.
void softmax(std::span<const float> logits, std::span<float> out) {
  const float largest = *std::max_element(logits.begin(), logits.end());
  float sum = 0.0f;
  for (size_t k = 0; k < out.size(); ++k) sum += out[k] = std::exp(logits[k] - largest);
  for (float& p : out) p /= sum;
}

}  // namespace

void ClassHead::predict(const Tensor& logits, Predictions& out) const {
  detail::check_logits(logits, logits_dimension());
  const Shape& shape = logits.shape();
  const int64_t batch = shape[0], n_classes = options_.n_classes;
  const size_t width = static_cast<size_t>(logits_dimension()), classes = static_cast<size_t>(n_classes);
  out.batch = batch;
  out.logits = logits;
  if (binary()) detail::ensure_shape(out.logistic, shape);
  detail::ensure_shape(out.probabilities, Shape{batch, n_classes});
  out.class_ids.resize(static_cast<size_t>(batch));
  out.classes.resize(static_cast<size_t>(batch));
  for (size_t i = 0; i < static_cast<size_t>(batch); ++i) {
    const std::span<const float> row = logits.values().subspan(i * width, width);
    const float pair[2] = {0.0f, row[0]};  // a binary head is a softmax of the logits 0 and x
    const std::span<const float> all = binary() ? std::span<const float>(pair) : row;
    if (binary()) out.logistic[static_cast<int64_t>(i)] = detail::sigmoid(row[0]);
    softmax(all, out.probabilities.values().subspan(i * classes, classes));
    const size_t id = static_cast<size_t>(std::max_element(all.begin(), all.end()) - all.begin());
    out.class_ids[i] = static_cast<int64_t>(id);
    out.classes[i] = id < all_classes_.size() ? all_classes_[id] : kUnknownClass;
  }
  out.all_class_ids = all_class_ids_;
  out.all_classes = all_classes_;
}

TEST_CASE("class head: a binary head by hand, a tie is class 0") {
  const ClassHead head;
  Predictions predictions;
  head.predict(Tensor(Shape{3, 1}, {0.0f, 2.0f, -200.0f}), predictions);
  CHECK(predictions.logistic[0] == 0.5f);
  CHECK(predictions.logistic[1] == doctest::Approx(1.0 / (1.0 + std::exp(-2.0))));
  CHECK(predictions.probabilities[2] == doctest::Approx(1.0 - 1.0 / (1.0 + std::exp(-2.0))));
  CHECK(predictions.probabilities[3] == doctest::Approx(predictions.logistic[1]));
  CHECK(predictions.logistic[2] == 0.0f);
  CHECK(predictions.class_ids == std::vector<int64_t>{0, 1, 0});
  CHECK(predictions.classes[1] == "1");
  const Prediction one = prediction_at(predictions, 1);
  CHECK(one.logits[0] == 2.0f);
  CHECK(one.logistic.size() == 1);
  CHECK(one.class_ids[0] == 1);
  CHECK(one.all_class_ids.size() == 2);
}

TEST_CASE("class head: classes have the vocabulary's words, and UNK beyond it") {
  const ClassHead head({.n_classes = 3, .label_vocabulary = {"x", "y"}});
  Predictions predictions;
  head.predict(Tensor(Shape{2, 3}, {0, 1, 0, 0, 0, 5}), predictions);
  CHECK(predictions.classes[0] == "y");
  CHECK(predictions.classes[1] == "UNK");
  CHECK(predictions.all_classes.size() == 2);
  CHECK(predictions.all_class_ids.size() == 3);
  CHECK(prediction_at(predictions, 0).logistic.empty());
  CHECK(predictions.probabilities[1] == doctest::Approx(std::exp(1.0) / (2.0 + std::exp(1.0))));
}

TEST_CASE("class head: logits of another width are an error") {
  Predictions predictions;
  CHECK_THROWS_AS(ClassHead().predict(Tensor::zeros(Shape{2, 2}), predictions), ValueError);
}

}  // namespace weft
