// LogLoss: log loss and normalised entropy of predicted probabilities.
#pragma once
#include <weft/estimator/metrics/counts.h>

#include <span>
#include <string>

namespace weft {

struct LogLossOptions {
  /// Probabilities are taken to lie in [epsilon, 1 - epsilon], so that a wrong certainty costs much and not everything
  /// (tf.keras.losses.BinaryCrossentropy).
  double epsilon = 1e-7;
};

/// The mean of -(y log p + (1 - y) log(1 - p)), in nats (sklearn.metrics.log_loss), and what it is to the entropy of
/// the labels' mean.
class LogLoss {
 public:
  /// Throws ValueError for an epsilon outside [0, 0.5).
  explicit LogLoss(const LogLossOptions& options = {});
  /// Labels in [0, 1], soft ones too; `weights` [n] or empty. Throws ValueError as check_probabilities.
  void add(std::span<const float> labels, std::span<const float> probabilities, std::span<const float> weights = {});
  /// The log loss; 0 if nothing was added.
  double result() const { return loss_.result(); }
  /// The log loss by that of always predicting the labels' mean: below 1 is better than that (He et al., "Practical
  /// lessons from predicting clicks on ads at Facebook", ADKDD 2014). NaN if all labels are 0 or all are 1.
  double normalized_entropy() const;

  void merge(const LogLoss& other);
  void save(MetricState& state, const std::string& name) const;
  void restore(const MetricState& state, const std::string& name);

 private:
  LogLossOptions options_;
  StreamingMean loss_, labels_;
};

}  // namespace weft
