// MultiLabelHeadMetrics: the evaluation metrics of a multi-label head.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/estimator/heads/multi_label_head.h>
#include <weft/estimator/heads/reduction.h>

#include <algorithm>
#include <cmath>

namespace weft {

MultiLabelHeadMetrics::MultiLabelHeadMetrics(const MultiLabelHead& head)
    : head_(&head), histogram_(head.options().metrics), at_thresholds_(head.options().thresholds.size()) {
  for (size_t i = 0; i < head.metric_classes().size(); ++i) {
    of_classes_.push_back({.probability = {}, .histogram = ScoreHistogram(head.options().metrics)});
  }
}

double MultiLabelHeadMetrics::add(const Tensor& logits, const Targets& targets) {
  head_->predict(logits, predictions_);
  add_losses(logits, targets);
  spread_weights(targets);
  average_loss_.add(losses_, targets.weights);
  histogram_.add(targets.labels, predictions_.probabilities.values(), weights_);
  add_at_thresholds(targets);
  add_classes(targets);
  return reduce_losses(losses_, targets.weights, head_->options().loss_reduction);
}

void MultiLabelHeadMetrics::add_losses(const Tensor& logits, const Targets& targets) {
  const auto classes = static_cast<size_t>(head_->logits_dimension());
  losses_.assign(static_cast<size_t>(targets.batch), 0.0f);
  for (size_t i = 0; i < targets.labels.size(); ++i) {
    const float x = logits.values()[i], y = targets.labels[i];
    losses_[i / classes] +=
        (std::max(x, 0.0f) - x * y + std::log1p(std::exp(-std::abs(x)))) / static_cast<float>(classes);
  }
}

void MultiLabelHeadMetrics::spread_weights(const Targets& targets) {
  weights_.clear();
  for (float weight : targets.weights)
    weights_.insert(weights_.end(), static_cast<size_t>(head_->logits_dimension()), weight);
}

void MultiLabelHeadMetrics::add_at_thresholds(const Targets& targets) {
  const std::span<const float> scores = predictions_.probabilities.values();
  const bool v1 = head_->options().metrics == MetricDefinitions::v1;
  for (size_t t = 0; t < at_thresholds_.size(); ++t) {
    const float threshold = head_->options().thresholds[t];
    at_thresholds_[t].counts.add(targets.labels, scores, threshold, weights_);
    for (size_t i = 0; i < scores.size(); ++i) {
      // For accuracy alone v1 counts a score on the threshold as yes.
      const bool predicted = v1 ? scores[i] >= threshold : scores[i] > threshold;
      const bool right = targets.labels[i] == (predicted ? 1.0f : 0.0f);
      at_thresholds_[t].accuracy.add(right ? 1.0 : 0.0, weights_.empty() ? 1.0 : weights_[i]);
    }
  }
}

void MultiLabelHeadMetrics::add_classes(const Targets& targets) {
  const auto classes = static_cast<size_t>(head_->logits_dimension());
  const std::span<const float> scores = predictions_.probabilities.values();
  for (size_t c = 0; c < of_classes_.size(); ++c) {
    column_labels_.clear();
    column_scores_.clear();
    for (size_t i = static_cast<size_t>(head_->metric_classes()[c]); i < scores.size(); i += classes) {
      column_labels_.push_back(targets.labels[i]);
      column_scores_.push_back(scores[i]);
    }
    of_classes_[c].probability.add(column_scores_, targets.weights);
    of_classes_[c].histogram.add(column_labels_, column_scores_, targets.weights);
  }
}

Metrics MultiLabelHeadMetrics::result() const {
  const bool v1 = head_->options().metrics == MetricDefinitions::v1;
  const SummationMethod method = v1 ? SummationMethod::trapezoidal : SummationMethod::careful_interpolation;
  Metrics metrics;
  metrics.set("average_loss", average_loss_.result());
  metrics.set("auc", area_under_curve(histogram_, Curve::roc, method));
  metrics.set("auc_precision_recall", area_under_curve(histogram_, Curve::pr, method));
  const double epsilon = v1 ? kThresholdEpsilon : 0.0;
  for (size_t t = 0; t < at_thresholds_.size(); ++t) {
    const std::string at = fmt::format("/positive_threshold_{:g}", head_->options().thresholds[t]);
    metrics.set("accuracy" + at, at_thresholds_[t].accuracy.result());
    metrics.set("precision" + at, at_thresholds_[t].counts.precision(epsilon));
    metrics.set("recall" + at, at_thresholds_[t].counts.recall(epsilon));
  }
  for (size_t c = 0; c < of_classes_.size(); ++c) {
    const std::string name = head_->metric_name(head_->metric_classes()[c]);
    metrics.set("probability_mean/" + name, of_classes_[c].probability.result());
    metrics.set("auc/" + name, area_under_curve(of_classes_[c].histogram, Curve::roc, method));
    metrics.set("auc_precision_recall/" + name, area_under_curve(of_classes_[c].histogram, Curve::pr, method));
  }
  return metrics;
}

// Values of tf.estimator.MultiLabelHead 2.15.1 for the same numbers.
TEST_CASE("multi-label head metrics: as TensorFlow's") {
  const MultiLabelHead head({.n_classes = 3,
                             .weight_column = "w",
                             .thresholds = {0.3f},
                             .label_vocabulary = {"x", "y", "z"},
                             .class_names_for_class_based_metrics = {"y"}});
  Features features;
  features["w"] = dense_feature(std::vector<float>{1.0f, 2.0f, 0.5f});
  Feature labels = dense_feature(std::vector<int64_t>{1, 0, 1, 0, 1, 0, 1, 1, 0});
  labels.shape = {3, 3};
  Targets targets;
  head.read_targets(labels, features, 3, targets);
  MultiLabelHeadMetrics metrics(head);
  const double loss =
      metrics.add(Tensor(Shape{3, 3}, {0.5f, -1.0f, 2.0f, -0.3f, 0.8f, -2.0f, 1.5f, -0.7f, 0.1f}), targets);
  const Metrics got = metrics.result();
  CHECK(loss == doctest::Approx(0.44928136));
  CHECK(got["accuracy/positive_threshold_0.3"] == doctest::Approx(0.76190478).epsilon(1e-6));
  CHECK(got["auc"] == doctest::Approx(0.95454544).epsilon(1e-6));
  CHECK(got["auc/y"] == doctest::Approx(1.00000000).epsilon(1e-6));
  CHECK(got["auc_precision_recall"] == doctest::Approx(0.96550357).epsilon(1e-6));
  CHECK(got["auc_precision_recall/y"] == doctest::Approx(1.00000000).epsilon(1e-6));
  CHECK(got["average_loss"] == doctest::Approx(0.38509831).epsilon(1e-6));
  CHECK(got["precision/positive_threshold_0.3"] == doctest::Approx(0.66666669).epsilon(1e-6));
  CHECK(got["probability_mean/y"] == doctest::Approx(0.51851326).epsilon(1e-6));
  CHECK(got["recall/positive_threshold_0.3"] == doctest::Approx(1.00000000).epsilon(1e-6));
}

}  // namespace weft
