// ExtraMetrics: what an evaluation counts beside the model's own metrics (tf.estimator.add_metrics).
#pragma once
#include <weft/core/features.h>
#include <weft/estimator/heads/predictions.h>
#include <weft/estimator/metrics/bootstrap.h>
#include <weft/estimator/metrics/grouped_scores.h>
#include <weft/estimator/metrics/metrics.h>
#include <weft/estimator/metrics/ranking.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace weft {

/// Counters of one evaluation, which calls `add` for every batch with what the model predicts for it, and `set` once.
struct ExtraMetrics {
  std::function<void(const Batch& batch, const Predictions& predictions)> add;
  /// Puts the results among the model's metrics.
  std::function<void(Metrics& metrics)> set;
};
/// Makes new counters. What EvaluateOptions::add_metrics takes.
using ExtraMetricsFn = std::function<ExtraMetrics()>;

struct BinaryMetricsOptions {
  /// Key of the feature with a weight an example; empty: every weight is 1.
  std::string weight_column = {};
  /// Key of the feature whose value says which group (user, query) an example is of: adds "gauc" and what `ranking`
  /// asks for. See read_groups. All examples are kept until the end, 24 bytes each.
  std::string group = {};
  GroupWeighting group_weighting = GroupWeighting::impressions;
  /// Each adds "recall@10", "hit_rate@10", "ndcg@10" or "mrr@10" (without k: "recall", ...), the mean over groups.
  std::vector<RankingOptions> ranking = {};
  /// Adds "<metric>/low", "/high" and "/standard_error", drawing groups where there are some, else examples.
  std::optional<BootstrapOptions> bootstrap = {};
};

/// For models that predict a probability of class 1 from labels that are numbers: "auc_exact", "log_loss",
/// "normalized_entropy", "calibration", "expected_calibration_error", and those of groups. With intervals "auc_exact"
/// gives way to "auc", TensorFlow's, whose replicates need little memory. add throws ValueError for models of another
/// kind, features that are missing and labels that are strings.
ExtraMetricsFn binary_metrics(const BinaryMetricsOptions& options = {});

}  // namespace weft
