// RegressionErrors: how far predictions are from labels.
#pragma once
#include <weft/estimator/metrics/counts.h>

#include <span>
#include <string>

namespace weft {

/// Mean absolute and mean squared error (sklearn.metrics.mean_absolute_error, mean_squared_error).
class RegressionErrors {
 public:
  /// `weights` [n] or empty. Throws ValueError as check_examples.
  void add(std::span<const float> labels, std::span<const float> predictions, std::span<const float> weights = {});
  /// All are 0 if nothing was added.
  double mean_absolute_error() const { return absolute_.result(); }
  double mean_squared_error() const { return squared_.result(); }
  double root_mean_squared_error() const;
  /// The mean squared error.
  double result() const { return mean_squared_error(); }

  void merge(const RegressionErrors& other);
  void save(MetricState& state, const std::string& name) const;
  void restore(const MetricState& state, const std::string& name);

 private:
  StreamingMean absolute_, squared_;
};

}  // namespace weft
