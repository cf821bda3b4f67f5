// Calibration: do predicted probabilities happen as often as they say?
#pragma once
#include <weft/estimator/metrics/exact_sum.h>
#include <weft/estimator/metrics/metric_state.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace weft {

struct CalibrationOptions {
  /// Bins of equal width for the expected calibration error.
  int64_t bins = 15;
};

/// Sums of labels and predictions, by bins of the prediction: bin m of M holds those in (m / M, (m + 1) / M], the first
/// one 0 too.
class Calibration {
 public:
  /// Throws ValueError for less than 1 bin.
  explicit Calibration(const CalibrationOptions& options = {});
  /// Labels in [0, 1]; `weights` [n] or empty. Throws ValueError as check_probabilities.
  void add(std::span<const float> labels, std::span<const float> probabilities, std::span<const float> weights = {});
  /// The sum of the predictions by the sum of the labels: 1 is right, 2 promises twice as much as comes. NaN if no
  /// label is positive.
  double result() const;
  /// ECE: the mean of |label mean - prediction mean| of the bins, weighted by their examples (Naeini et al. 2015, Guo
  /// et al. 2017). 0 if nothing was added.
  double expected_calibration_error() const;

  /// What a reliability diagram draws.
  struct Bin {
    double weight = 0.0;
    double labels = 0.0;       ///< weighted sum
    double predictions = 0.0;  ///< weighted sum
  };
  std::vector<Bin> bins() const;

  /// Throws ValueError for another number of bins.
  void merge(const Calibration& other);
  void save(MetricState& state, const std::string& name) const;
  void restore(const MetricState& state, const std::string& name);

 private:
  std::vector<ExactSum> weights_, labels_, predictions_;  ///< [bins]
};

}  // namespace weft
