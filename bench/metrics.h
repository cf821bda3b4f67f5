// Metrics: log-loss and AUC of held-out examples, and percentiles.
#pragma once
#include <span>
#include <vector>

namespace weft::bench {

/// Area under the ROC curve by ranks; equal scores share their mean rank (Mann & Whitney, 1947). Labels are 0 or 1.
double auc(std::span<const float> labels, std::span<const float> logits);
/// Mean of max(x, 0) - x y + log(1 + exp(-|x|)).
double log_loss(std::span<const float> labels, std::span<const float> logits);
/// Percentile `percent` of the values, linear between neighbours (numpy's default).
double percentile(std::vector<double> values, double percent);

}  // namespace weft::bench
