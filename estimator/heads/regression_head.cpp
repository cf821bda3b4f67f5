// RegressionHead: labels, loss, predictions, metrics.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/core/ops/losses.h>
#include <weft/estimator/heads/reduction.h>
#include <weft/estimator/heads/regression_head.h>

namespace weft {

RegressionHead::RegressionHead(RegressionHeadOptions options) : options_(std::move(options)) {
  if (options_.label_dimension >= 1) return;
  throw ValueError(
      fmt::format("[head] Invalid label_dimension {}.: expected at least 1. Give the numbers an example has.",
                  options_.label_dimension));
}

void RegressionHead::read_targets(const Feature& labels, const Features& features, int64_t batch, Targets& out) const {
  check_labels(labels, batch, options_.metrics == MetricDefinitions::keras, options_.label_dimension);
  if (labels.type == DataType::string) {
    throw ValueError(
        "[head] Cast string to float is not supported: got labels of type string, expected numbers. Read the label as "
        "a number.");
  }
  out.batch = batch;
  out.class_ids = {};
  if (is_floating(labels.type)) {
    out.labels = labels.floats;
  } else {
    out.label_storage.assign(labels.integers.begin(), labels.integers.end());
    out.labels = out.label_storage;
  }
  out.weights = {};
  if (options_.weight_column.empty()) return;
  out.weights = read_weights(features.at(options_.weight_column), batch, out.weight_storage, options_.label_dimension);
}

Var RegressionHead::loss(Var logits, const Targets& targets) const {
  detail::check_logits(logits.value(), logits_dimension());
  return mean_squared_error(logits, targets.labels, {.weights = targets.weights, .reduction = options_.loss_reduction});
}

void RegressionHead::predict(const Tensor& logits, Predictions& out) const {
  detail::check_logits(logits, logits_dimension());
  out.batch = logits.shape()[0];
  out.predictions = logits;
}

double RegressionHeadMetrics::add(const Tensor& logits, const Targets& targets) {
  detail::check_logits(logits, head_->logits_dimension());
  losses_.resize(targets.labels.size());
  for (size_t i = 0; i < losses_.size(); ++i) {
    const float difference = logits.values()[i] - targets.labels[i];
    losses_[i] = difference * difference;
  }
  average_loss_.add(losses_, targets.weights);
  label_mean_.add(targets.labels, targets.weights);
  prediction_mean_.add(logits.values(), targets.weights);
  return reduce_losses(losses_, targets.weights, head_->options().loss_reduction);
}

Metrics RegressionHeadMetrics::result() const {
  Metrics metrics;
  metrics.set("average_loss", average_loss_.result());
  metrics.set("label/mean", label_mean_.result());
  metrics.set("prediction/mean", prediction_mean_.result());
  return metrics;
}

TEST_CASE("regression head: loss, metrics and predictions by hand, as TensorFlow documents them") {
  const RegressionHead head({.loss_reduction = Reduction::sum_over_batch_size});
  const Feature labels = dense_feature(std::vector<int64_t>{43, 44});
  Targets targets;
  head.read_targets(labels, Features(), 2, targets);
  const Tensor logits(Shape{2, 1}, {45, 41});
  Tape tape;
  CHECK(head.loss(tape.leaf(logits), targets).item() == 6.5f);
  RegressionHeadMetrics metrics(head);
  CHECK(metrics.add(logits, targets) == 6.5);
  CHECK(metrics.result()["average_loss"] == 6.5);
  CHECK(metrics.result()["label/mean"] == 43.5);
  CHECK(metrics.result()["prediction/mean"] == 43.0);
  Predictions predictions;
  head.predict(logits, predictions);
  CHECK(prediction_at(predictions, 1).predictions[0] == 41.0f);
  CHECK(prediction_at(predictions, 1).logits.empty());
}

TEST_CASE("regression head: several numbers an example, weights a row or a number") {
  const RegressionHead head({.label_dimension = 2, .weight_column = "w", .loss_reduction = Reduction::mean});
  Feature labels = dense_feature(std::vector<float>{0, 0, 0, 0});
  labels.shape = {2, 2};
  Features features;
  features["w"] = dense_feature(std::vector<float>{1, 3});
  Targets targets;
  head.read_targets(labels, features, 2, targets);
  const Tensor logits(Shape{2, 2}, {1, 2, 3, 4});
  Tape tape;
  CHECK(head.loss(tape.leaf(logits), targets).item() == doctest::Approx((1 + 4 + 3 * (9 + 16)) / 8.0));
  RegressionHeadMetrics metrics(head);
  metrics.add(logits, targets);
  CHECK(metrics.result()["prediction/mean"] == doctest::Approx((1 + 2 + 3 * (3 + 4)) / 8.0));
}

TEST_CASE("regression head: labels and options that can't be") {
  CHECK_THROWS_WITH_AS(RegressionHead({.label_dimension = 0}), doctest::Contains("Invalid label_dimension 0."),
                       ValueError);
  Targets targets;
  Feature words = dense_feature(std::vector<int64_t>{0});
  words.type = DataType::string;
  words.integers.clear();
  words.strings = {"one"};
  CHECK_THROWS_WITH_AS(RegressionHead().read_targets(words, Features(), 1, targets),
                       doctest::Contains("Cast string to float is not supported"), ValueError);
  const Feature two = dense_feature(std::vector<float>{1, 2});
  CHECK_THROWS_AS(RegressionHead({.label_dimension = 2}).read_targets(two, Features(), 2, targets), ValueError);
  Predictions predictions;
  CHECK_THROWS_WITH_AS(RegressionHead().predict(Tensor::zeros({2, 2}), predictions),
                       doctest::Contains("logits shape must be [D0, D1, ... DN, logits_dimension]"), ValueError);
}

}  // namespace weft
