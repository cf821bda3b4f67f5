// Areas under the ROC and precision-recall curves, streamed through a histogram of scores.
#pragma once
#include <weft/estimator/metrics/exact_sum.h>
#include <weft/estimator/metrics/metric_state.h>
#include <weft/estimator/metrics/metrics.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace weft {

/// Weights of positive and negative examples by score: bucket k holds the scores above threshold k that are not above
/// threshold k + 1. Thresholds are 0 - 1e-7, 1 / (n - 1), 2 / (n - 1), ..., 1 + 1e-7, as tf.compat.v1.metrics.auc and
/// tf.keras.metrics.AUC have them; the two round a score that lies on a threshold differently.
class ScoreHistogram {
 public:
  /// Throws ValueError for less than 2 thresholds.
  explicit ScoreHistogram(MetricDefinitions definitions = MetricDefinitions::v1, int64_t num_thresholds = 200);

  /// Labels other than 0 are positive; `weights` [n] or empty. Throws ValueError for a score outside [0, 1] (or NaN) or
  /// sizes that differ.
  void add(std::span<const float> labels, std::span<const float> scores, std::span<const float> weights = {});
  MetricDefinitions definitions() const { return definitions_; }
  int64_t num_thresholds() const { return static_cast<int64_t>(thresholds_.size()); }
  std::vector<double> positives() const;  ///< [num_thresholds]
  std::vector<double> negatives() const;  ///< [num_thresholds]

  /// Throws ValueError for one of other definitions or thresholds.
  void merge(const ScoreHistogram& other);
  void save(MetricState& state, const std::string& name) const;
  void restore(const MetricState& state, const std::string& name);

 private:
  size_t bucket(float score) const;

  MetricDefinitions definitions_;
  std::vector<float> thresholds_;
  std::vector<ExactSum> positives_;
  std::vector<ExactSum> negatives_;
};

enum class Curve { roc, pr };

/// How the area between two thresholds is taken. careful_interpolation is trapezoidal for ROC, and for PR the
/// interpolation of Davis & Goadrich (2006): precision is not linear in recall. Keras calls it "interpolation".
enum class SummationMethod { trapezoidal, careful_interpolation, minoring, majoring };

/// The area under a curve through the histogram's thresholds. v1 adds 1e-6 where it divides, so that only negatives
/// give a ROC area of 1; with Keras' definitions dividing by 0 gives 0.
double area_under_curve(const ScoreHistogram& histogram, Curve curve, SummationMethod method);

struct StreamingAucOptions {
  Curve curve = Curve::roc;
  SummationMethod summation_method = SummationMethod::trapezoidal;
  MetricDefinitions definitions = MetricDefinitions::v1;
  int64_t num_thresholds = 200;
};

/// tf.compat.v1.metrics.auc; with MetricDefinitions::keras and careful_interpolation tf.keras.metrics.AUC.
class StreamingAuc {
 public:
  explicit StreamingAuc(const StreamingAucOptions& options = {})
      : options_(options), histogram_(options.definitions, options.num_thresholds) {}
  /// As ScoreHistogram::add.
  void add(std::span<const float> labels, std::span<const float> scores, std::span<const float> weights = {}) {
    histogram_.add(labels, scores, weights);
  }
  double result() const { return area_under_curve(histogram_, options_.curve, options_.summation_method); }
  /// As ScoreHistogram's.
  void merge(const StreamingAuc& other) { histogram_.merge(other.histogram_); }
  void save(MetricState& state, const std::string& name) const { histogram_.save(state, name); }
  void restore(const MetricState& state, const std::string& name) { histogram_.restore(state, name); }
  const ScoreHistogram& histogram() const { return histogram_; }

 private:
  StreamingAucOptions options_;
  ScoreHistogram histogram_;
};

}  // namespace weft
