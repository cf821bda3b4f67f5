// Predictions: those of all batches together, and the metrics of an evaluation, compared with a case's.
#pragma once
#include <weft/estimator/heads/predictions.h>
#include <weft/estimator/metrics/metrics.h>

#include <string>
#include <vector>

#include "families.h"

namespace weft::reference {

/// Collects the predictions of batch after batch.
class CollectedPredictions {
 public:
  void add(const Predictions& batch);
  void add(const Prediction& example);
  /// Compares with `predictions/*`. Numbers that a case does not store are not compared.
  void compare(const Fixture& fixture, Report& report) const;

 private:
  int64_t count_ = 0;
  std::vector<float> logits_, logistic_, probabilities_;
  std::vector<int64_t> class_ids_, all_class_ids_;
  std::vector<std::string> classes_, all_classes_;
};

/// Every metric by name; the same names.
void compare_metrics(Report& report, const Metrics& got, const Json& want);

}  // namespace weft::reference
