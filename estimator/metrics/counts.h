// Streaming means and counts: what accuracy, precision, recall and every mean are made of.
#pragma once
#include <span>

namespace weft {

/// A weighted mean over batches (tf.compat.v1.metrics.mean, tf.keras.metrics.Mean). Sums are kept in double precision.
class StreamingMean {
 public:
  void add(double value, double weight = 1.0) {
    total_ += value * weight;
    count_ += weight;
  }
  /// `weights` [n] or empty. Throws ValueError on another size.
  void add(std::span<const float> values, std::span<const float> weights = {});
  double total() const { return total_; }
  double count() const { return count_; }
  /// 0 if nothing was added, or only weights of 0 (or less, in sum).
  double result() const { return count_ > 0.0 ? total_ / count_ : 0.0; }

 private:
  double total_ = 0.0;
  double count_ = 0.0;
};

/// What tf.compat.v1.metrics.precision_at_thresholds and recall_at_thresholds add to their divisor.
inline constexpr double kThresholdEpsilon = 1e-7;

/// Weighted counts of right and wrong answers to a yes-or-no question.
struct Confusion {
  double true_positives = 0.0;
  double false_positives = 0.0;
  double true_negatives = 0.0;
  double false_negatives = 0.0;

  void add(bool label, bool predicted, double weight = 1.0) {
    (predicted ? (label ? true_positives : false_positives) : (label ? false_negatives : true_negatives)) += weight;
  }
  /// Counts a score above the threshold as yes, and a label other than 0. `weights` [n] or empty. Throws ValueError on
  /// sizes that differ.
  void add(std::span<const float> labels, std::span<const float> scores, float threshold,
           std::span<const float> weights = {});
  /// tp / (tp + fp + epsilon); 0 if that divides by 0.
  double precision(double epsilon = 0.0) const;
  /// tp / (tp + fn + epsilon); 0 if that divides by 0.
  double recall(double epsilon = 0.0) const;
};

}  // namespace weft
