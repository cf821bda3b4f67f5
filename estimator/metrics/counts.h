// Streaming means and counts: what accuracy, precision, recall and every mean are made of.
#pragma once
#include <weft/estimator/metrics/exact_sum.h>
#include <weft/estimator/metrics/metric_state.h>

#include <span>
#include <string>

namespace weft {

/// A weighted mean over batches (tf.compat.v1.metrics.mean, tf.keras.metrics.Mean). Sums are exact.
class StreamingMean {
 public:
  void add(double value, double weight = 1.0) {
    total_.add(value * weight);
    count_.add(weight);
  }
  /// `weights` [n] or empty. Throws ValueError on another size.
  void add(std::span<const float> values, std::span<const float> weights = {});
  double total() const { return total_.value(); }
  double count() const { return count_.value(); }
  /// 0 if nothing was added, or only weights of 0 (or less, in sum).
  double result() const { return count() > 0.0 ? total() / count() : 0.0; }

  void merge(const StreamingMean& other);
  void save(MetricState& state, const std::string& name) const;
  void restore(const MetricState& state, const std::string& name);

 private:
  ExactSum total_;
  ExactSum count_;
};

/// What tf.compat.v1.metrics.precision_at_thresholds and recall_at_thresholds add to their divisor.
inline constexpr double kThresholdEpsilon = 1e-7;

/// Weighted counts of right and wrong answers to a yes-or-no question.
class Confusion {
 public:
  void add(bool label, bool predicted, double weight = 1.0) {
    sums_[(label ? 2 : 0) + (predicted ? 1 : 0)].add(weight);
  }
  /// Counts a score above the threshold as yes, and a label other than 0. `weights` [n] or empty. Throws ValueError on
  /// sizes that differ.
  void add(std::span<const float> labels, std::span<const float> scores, float threshold,
           std::span<const float> weights = {});
  /// tp / (tp + fp + epsilon); 0 if that divides by 0.
  double precision(double epsilon = 0.0) const;
  /// tp / (tp + fn + epsilon); 0 if that divides by 0.
  double recall(double epsilon = 0.0) const;
  double true_positives() const { return sums_[3].value(); }
  double false_positives() const { return sums_[1].value(); }
  double true_negatives() const { return sums_[0].value(); }
  double false_negatives() const { return sums_[2].value(); }

  void merge(const Confusion& other);
  void save(MetricState& state, const std::string& name) const;
  void restore(const MetricState& state, const std::string& name);

 private:
  ExactSum sums_[4];  ///< by label and answer: no no, no yes, yes no, yes yes
};

}  // namespace weft
