// ClassHeadMetrics: the evaluation metrics of a classifier.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/estimator/heads/class_head_metrics.h>
#include <weft/estimator/heads/reduction.h>

#include <algorithm>
#include <cmath>

namespace weft {

ClassHeadMetrics::ClassHeadMetrics(const ClassHead& head)
    : head_(&head), histogram_(head.options().metrics), at_thresholds_(head.options().thresholds.size()) {}

double ClassHeadMetrics::add(const Tensor& logits, const Targets& targets) {
  head_->predict(logits, predictions_);
  head_->example_losses(logits, targets, losses_);
  average_loss_.add(losses_, targets.weights);
  for (size_t i = 0; i < losses_.size(); ++i) {
    const auto predicted = predictions_.class_ids[i];
    const bool right =
        head_->binary() ? targets.labels[i] == static_cast<float>(predicted) : targets.class_ids[i] == predicted;
    accuracy_.add(right ? 1.0 : 0.0, targets.weights.empty() ? 1.0 : targets.weights[i]);
  }
  if (head_->binary()) add_binary(targets);
  return reduce_losses(losses_, targets.weights, head_->options().loss_reduction);
}

void ClassHeadMetrics::add_binary(const Targets& targets) {
  const std::span<const float> scores = predictions_.logistic.values();
  label_mean_.add(targets.labels, targets.weights);
  prediction_mean_.add(scores, targets.weights);
  histogram_.add(targets.labels, scores, targets.weights);
  for (size_t i = 0; i < losses_.size(); ++i) {
    const double weight = targets.weights.empty() ? 1.0 : targets.weights[i];
    counts_.add(targets.labels[i] != 0.0f, predictions_.class_ids[i] == 1, weight);
  }
  const auto& thresholds = head_->options().thresholds;
  for (size_t t = 0; t < thresholds.size(); ++t) add_at_threshold(targets, thresholds[t], at_thresholds_[t]);
}

void ClassHeadMetrics::add_at_threshold(const Targets& targets, float threshold, AtThreshold& at) {
  const std::span<const float> scores = predictions_.logistic.values();
  const bool v1 = head_->options().metrics == MetricDefinitions::v1;
  at.counts.add(targets.labels, scores, threshold, targets.weights);
  for (size_t i = 0; i < scores.size(); ++i) {
    // For accuracy alone v1 counts a score on the threshold as class 1.
    const bool predicted = v1 ? scores[i] >= threshold : scores[i] > threshold;
    const bool right = targets.labels[i] == (predicted ? 1.0f : 0.0f);
    at.accuracy.add(right ? 1.0 : 0.0, targets.weights.empty() ? 1.0 : targets.weights[i]);
  }
}

Metrics ClassHeadMetrics::result() const {
  Metrics metrics;
  metrics.set("accuracy", accuracy_.result());
  metrics.set("average_loss", average_loss_.result());
  if (head_->binary()) set_binary(metrics);
  return metrics;
}

void ClassHeadMetrics::set_binary(Metrics& metrics) const {
  const bool v1 = head_->options().metrics == MetricDefinitions::v1;
  // Keras interpolates both curves, v1 takes trapezes under both.
  const SummationMethod method = v1 ? SummationMethod::trapezoidal : SummationMethod::careful_interpolation;
  const double labels = label_mean_.result();
  const bool nothing = !v1 && label_mean_.count() <= 0.0;
  metrics.set("accuracy_baseline", nothing ? 0.0 : std::max(labels, 1.0 - labels));
  metrics.set("auc", area_under_curve(histogram_, Curve::roc, method));
  metrics.set("auc_precision_recall", area_under_curve(histogram_, Curve::pr, method));
  metrics.set("label/mean", labels);
  metrics.set("precision", counts_.precision());
  metrics.set("prediction/mean", prediction_mean_.result());
  metrics.set("recall", counts_.recall());
  const auto& thresholds = head_->options().thresholds;
  const double epsilon = v1 ? kThresholdEpsilon : 0.0;
  for (size_t t = 0; t < thresholds.size(); ++t) {
    metrics.set(fmt::format("accuracy/positive_threshold_{:g}", thresholds[t]), at_thresholds_[t].accuracy.result());
    metrics.set(fmt::format("precision/positive_threshold_{:g}", thresholds[t]),
                at_thresholds_[t].counts.precision(epsilon));
    metrics.set(fmt::format("recall/positive_threshold_{:g}", thresholds[t]), at_thresholds_[t].counts.recall(epsilon));
  }
}

namespace {

// Logits whose probabilities are 0.8, 0.3, 0.6 and 0.5; labels 1, 0, 0, 1.
[[maybe_unused]] Metrics evaluated(const ClassHeadOptions& options, const std::vector<float>& weights = {}) {
  const ClassHead head(options);
  ClassHeadMetrics metrics(head);
  Features features;
  if (!weights.empty()) features["w"] = dense_feature(weights);
  const Feature labels = dense_feature(std::vector<int64_t>{1, 0, 0, 1});
  Targets targets;
  head.read_targets(labels, features, 4, targets);
  metrics.add(Tensor(Shape{4, 1}, {std::log(4.0f), std::log(3.0f / 7), std::log(1.5f), 0.0f}), targets);
  return metrics.result();
}

}  // namespace

TEST_CASE("head metrics: two classes by hand") {
  const Metrics metrics = evaluated({.thresholds = {0.25f, 0.55f}});
  CHECK(metrics["accuracy"] == 0.5);  // 0.8 and 0.3 are right; 0.5 is a tie, so class 0
  CHECK(metrics["accuracy_baseline"] == 0.5);
  CHECK(metrics["auc"] == doctest::Approx(0.75).epsilon(1e-5));
  CHECK(metrics["average_loss"] ==
        doctest::Approx(-(std::log(0.8) + std::log(0.7) + std::log(0.4) + std::log(0.5)) / 4));
  CHECK(metrics["label/mean"] == 0.5);
  CHECK(metrics["precision"] == 0.5);
  CHECK(metrics["recall"] == 0.5);
  CHECK(metrics["prediction/mean"] == doctest::Approx(0.55));
  CHECK(metrics["accuracy/positive_threshold_0.25"] == 0.5);
  CHECK(metrics["recall/positive_threshold_0.25"] == doctest::Approx(1.0).epsilon(1e-6));
  CHECK(metrics["precision/positive_threshold_0.55"] == doctest::Approx(0.5).epsilon(1e-6));
}

TEST_CASE("head metrics: weights count") {
  const Metrics metrics = evaluated({.weight_column = "w"}, {3, 1, 0, 2});
  CHECK(metrics["accuracy"] == doctest::Approx(4.0 / 6));
  CHECK(metrics["label/mean"] == doctest::Approx(5.0 / 6));
  CHECK(metrics["precision"] == 1.0);
  CHECK(metrics["recall"] == doctest::Approx(0.6));
}

TEST_CASE("head metrics: weights of 0 leave v1 a baseline of 1 and Keras one of 0") {
  CHECK(evaluated({.weight_column = "w"}, {0, 0, 0, 0})["accuracy_baseline"] == 1.0);
  CHECK(evaluated({.weight_column = "w", .metrics = MetricDefinitions::keras}, {0, 0, 0, 0})["accuracy_baseline"] ==
        0.0);
}

TEST_CASE("head metrics: more classes have accuracy and average_loss, and a batch's loss is returned") {
  const ClassHead head({.n_classes = 3, .loss_reduction = Reduction::sum_over_batch_size});
  ClassHeadMetrics metrics(head);
  Targets targets;
  const Feature labels = dense_feature(std::vector<int64_t>{2, 0});
  head.read_targets(labels, Features(), 2, targets);
  CHECK(metrics.add(Tensor(Shape{2, 3}, {0, 0, 0, 9, 0, 0}), targets) ==
        doctest::Approx((std::log(3.0) + std::log(1 + 2 * std::exp(-9.0))) / 2));
  CHECK(metrics.result().size() == 2);
  CHECK(metrics.result()["accuracy"] == 0.5);
}

}  // namespace weft
