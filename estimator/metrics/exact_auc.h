// ExactAuc: the area under the ROC curve from every score, without buckets.
#pragma once
#include <weft/estimator/metrics/metric_state.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace weft {

/// The probability that a positive example's score is above a negative one's, ties counting half (Mann and Whitney;
/// sklearn.metrics.roc_auc_score), weighted. It keeps 8 bytes an example; see StreamingAuc for constant memory.
class ExactAuc {
 public:
  /// Labels other than 0 are positive; scores are any numbers; `weights` [n] or empty. Throws ValueError as
  /// check_examples.
  void add(std::span<const float> labels, std::span<const float> scores, std::span<const float> weights = {});
  /// NaN if there are only positive or only negative examples.
  double result() const;

  void merge(const ExactAuc& other);
  void save(MetricState& state, const std::string& name) const;
  void restore(const MetricState& state, const std::string& name);

 private:
  // Score and weight of an example, packed so that their order is the scores'.
  std::vector<uint64_t> positives_, negatives_;
};

/// The area of a few examples at hand, as ExactAuc; its memory is used again from call to call.
class AucOfFew {
 public:
  void clear();
  void add(float label, float score, float weight);
  double result();

 private:
  std::vector<uint64_t> positives_, negatives_;
};

}  // namespace weft
