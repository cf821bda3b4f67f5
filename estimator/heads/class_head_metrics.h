// ClassHeadMetrics: the evaluation metrics of a classifier, streamed over batches.
#pragma once
#include <weft/estimator/heads/class_head.h>
#include <weft/estimator/metrics/auc.h>
#include <weft/estimator/metrics/counts.h>

#include <vector>

namespace weft {

/// Adds up batches of logits and targets. With two classes: accuracy, accuracy_baseline, auc, auc_precision_recall,
/// average_loss, label/mean, precision, prediction/mean, recall, and accuracy/positive_threshold_<t> etc. for the
/// head's thresholds; with more: accuracy and average_loss. Predictions above 0.5 count as class 1.
class ClassHeadMetrics {
 public:
  /// `head` must outlive it.
  explicit ClassHeadMetrics(const ClassHead& head);
  /// Adds a batch and returns its loss, reduced as in training. Throws as ClassHead::predict and ScoreHistogram::add
  /// (NaN logits).
  double add(const Tensor& logits, const Targets& targets);
  Metrics result() const;

  /// As every metric's (metric_state.h); throw also for those of a head with other options.
  void merge(const ClassHeadMetrics& other);
  void save(MetricState& state, const std::string& name) const;
  void restore(const MetricState& state, const std::string& name);

 private:
  template <class A, class B, class F>
  static void each(A& a, B& b, F&& f);
  struct AtThreshold {
    Confusion counts;
    StreamingMean accuracy;
  };
  void add_binary(const Targets& targets);
  void add_at_threshold(const Targets& targets, float threshold, AtThreshold& at);
  void set_binary(Metrics& metrics) const;

  const ClassHead* head_;
  Predictions predictions_;
  std::vector<float> losses_;
  StreamingMean average_loss_, accuracy_, label_mean_, prediction_mean_;
  Confusion counts_;
  ScoreHistogram histogram_;
  std::vector<AtThreshold> at_thresholds_;
};

}  // namespace weft
