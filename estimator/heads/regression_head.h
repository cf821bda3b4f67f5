// RegressionHead: numbers an example: the mean squared error and the predictions of a regression.
#pragma once
#include <weft/core/ops/ops.h>
#include <weft/core/tape.h>
#include <weft/estimator/heads/predictions.h>
#include <weft/estimator/heads/targets.h>
#include <weft/estimator/metrics/counts.h>
#include <weft/estimator/metrics/metrics.h>

#include <cstdint>
#include <string>
#include <vector>

namespace weft {

struct RegressionHeadOptions {
  /// Numbers an example.
  int64_t label_dimension = 1;
  /// Key of the feature with a weight an example, or one a number; empty: every weight is 1.
  std::string weight_column = {};
  /// Counts numbers: sum_over_batch_size divides by batch * label_dimension.
  Reduction loss_reduction = Reduction::sum;
  /// Chooses the words of errors; the metrics are the same.
  MetricDefinitions metrics = MetricDefinitions::v1;
};

/// A value: tf.estimator.RegressionHead, and v1's.
class RegressionHead {
 public:
  /// Throws ValueError for a label_dimension below 1.
  explicit RegressionHead(RegressionHeadOptions options = {});
  const RegressionHeadOptions& options() const { return options_; }
  int64_t logits_dimension() const { return options_.label_dimension; }

  /// As ClassHead's; labels are [batch, label_dimension] numbers of any type.
  void read_targets(const Feature& labels, const Features& features, int64_t batch, Targets& out) const;
  Var loss(Var logits, const Targets& targets) const;
  /// Fills Predictions::predictions.
  void predict(const Tensor& logits, Predictions& out) const;

 private:
  RegressionHeadOptions options_;
};

/// Adds up batches: average_loss (a number's), label/mean and prediction/mean.
class RegressionHeadMetrics {
 public:
  /// `head` must outlive it.
  explicit RegressionHeadMetrics(const RegressionHead& head) : head_(&head) {}
  /// Adds a batch and returns its loss, reduced as in training.
  double add(const Tensor& logits, const Targets& targets);
  Metrics result() const;

  /// As every metric's (metric_state.h); throw also for those of a head with other options.
  void merge(const RegressionHeadMetrics& other);
  void save(MetricState& state, const std::string& name) const;
  void restore(const MetricState& state, const std::string& name);

 private:
  template <class A, class B, class F>
  static void each(A& a, B& b, F&& f);
  const RegressionHead* head_;
  std::vector<float> losses_;
  StreamingMean average_loss_, label_mean_, prediction_mean_;
};

}  // namespace weft
