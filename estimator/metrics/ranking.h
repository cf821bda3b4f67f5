// Metrics of ranked lists: recall@k, hit rate, NDCG@k, reciprocal rank.
#pragma once
#include <weft/estimator/metrics/grouped_scores.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace weft {

/// All of a list's items with a label above 0 are relevant. Items of the same score have no order: a metric is its mean
/// over all orders of them, so that nothing depends on the order in which items are given.
enum class RankingMetric {
  recall,           ///< share of the relevant items that are among the first k
  hit_rate,         ///< 1 if any of the first k is relevant
  ndcg,             ///< gain of the first k, discounted by log2(1 + rank), by the best that is possible
  reciprocal_rank,  ///< 1 / rank of the first relevant item, 0 beyond k; its mean is MRR
};

/// What an item's label is worth to NDCG: 2^label - 1 (Burges et al. 2005, tfr.keras.metrics.NDCGMetric) or the label
/// itself (Järvelin and Kekäläinen 2002, sklearn.metrics.ndcg_score). The same for labels 0 and 1.
enum class NdcgGain { exponential, linear };

struct RankingOptions {
  RankingMetric metric = RankingMetric::ndcg;
  /// Items that count, from the top; absent: all.
  std::optional<int64_t> k = {};
  NdcgGain gain = NdcgGain::exponential;
};

/// The metric of one list; NaN without a relevant item. Throws ValueError for k < 1, lengths that differ, NaN, and for
/// NDCG a negative label.
double ranking_metric(std::span<const float> labels, std::span<const float> scores, const RankingOptions& options);

/// The metric of every group that has a relevant item; mean_of gives the mean. The examples' weights only weigh the
/// groups. Throws ValueError as ranking_metric.
std::vector<GroupValue> ranking_metrics(const GroupedScores& scores, const RankingOptions& options,
                                        GroupWeighting weighting = GroupWeighting::equal);

}  // namespace weft
