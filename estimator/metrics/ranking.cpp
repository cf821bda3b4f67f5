// Metrics of ranked lists. A list is walked by its blocks of equal scores.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/core/parallel.h>
#include <weft/estimator/metrics/check_examples.h>
#include <weft/estimator/metrics/ranking.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

namespace weft {

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// Items of equal score at ranks [begin, end), counted from 0.
struct Block {
  size_t begin = 0;
  size_t end = 0;
  double relevant = 0.0;
  double gain = 0.0;  ///< in sum
  double size() const { return static_cast<double>(end - begin); }
  /// How many of its ranks are among the first k.
  size_t within(size_t k) const { return k <= begin ? 0 : std::min(end, k) - begin; }
};

double gain_of(float label, NdcgGain gain) {
  return gain == NdcgGain::linear ? label : std::exp2(label) - 1.0;
}

double discount(size_t rank) {
  return 1.0 / std::log2(static_cast<double>(rank) + 2.0);
}

void check_options(const RankingOptions& options) {
  if (options.k.value_or(1) >= 1) return;
  throw ValueError(fmt::format("[ranking] k must be at least 1: got {}. Leave it out to count all items.", *options.k));
}

void check_labels(std::span<const GroupedScore> items, const RankingOptions& options) {
  const auto bad = std::ranges::find_if(items, [](const GroupedScore& item) { return item.label < 0.0f; });
  if (options.metric != RankingMetric::ndcg || bad == items.end()) return;
  throw ValueError(
      fmt::format("[ranking] NDCG needs labels that are not negative: got {}. Shift the labels.", bad->label));
}

std::vector<Block> blocks_of(std::span<const GroupedScore> items, NdcgGain gain) {
  std::vector<Block> blocks;
  for (size_t i = 0; i < items.size(); ++i) {
    if (i == 0 || items[i].score != items[i - 1].score) blocks.push_back({.begin = i, .end = i});
    blocks.back().end = i + 1;
    blocks.back().relevant += items[i].label > 0.0f ? 1.0 : 0.0;
    blocks.back().gain += gain_of(items[i].label, gain);
  }
  return blocks;
}

double recall(std::span<const Block> blocks, size_t k, double relevant) {
  double found = 0.0;
  for (const Block& block : blocks) found += block.relevant * static_cast<double>(block.within(k)) / block.size();
  return found / relevant;
}

// Calls f(rank, the probability that the first relevant item stands there). All orders of a block are alike probable.
template <class F>
void each_first_rank(std::span<const Block> blocks, F&& f) {
  const auto first = std::ranges::find_if(blocks, [](const Block& block) { return block.relevant > 0.0; });
  double none = 1.0;  // the probability that none stood before
  for (size_t rank = first->begin; rank < first->end && none > 0.0; ++rank) {
    const double left = static_cast<double>(first->end - rank);
    f(rank, none * first->relevant / left);
    none *= std::max(left - first->relevant, 0.0) / left;
  }
}

double hit_rate(std::span<const Block> blocks, size_t k) {
  double sum = 0.0;
  each_first_rank(blocks, [&](size_t rank, double probability) { sum += rank < k ? probability : 0.0; });
  return std::min(sum, 1.0);
}

double reciprocal_rank(std::span<const Block> blocks, size_t k) {
  double sum = 0.0;
  each_first_rank(blocks, [&](size_t rank, double probability) {
    sum += rank < k ? probability / static_cast<double>(rank + 1) : 0.0;
  });
  return sum;
}

double ndcg(std::span<const GroupedScore> items, std::span<const Block> blocks, size_t k, NdcgGain gain) {
  double sum = 0.0, best = 0.0;
  for (const Block& block : blocks) {
    double discounts = 0.0;
    for (size_t i = 0; i < block.within(k); ++i) discounts += discount(block.begin + i);
    sum += block.gain / block.size() * discounts;
  }
  std::vector<double> gains;
  for (const GroupedScore& item : items) gains.push_back(gain_of(item.label, gain));
  std::ranges::sort(gains, std::greater());
  for (size_t rank = 0; rank < std::min(k, gains.size()); ++rank) best += gains[rank] * discount(rank);
  return sum / best;
}

// Items from the highest score down.
double metric_of(std::span<const GroupedScore> items, const RankingOptions& options) {
  check_labels(items, options);
  const std::vector<Block> blocks = blocks_of(items, options.gain);
  const double relevant = std::transform_reduce(blocks.begin(), blocks.end(), 0.0, std::plus(),
                                                [](const Block& block) { return block.relevant; });
  if (relevant == 0.0) return kNan;
  const size_t k = options.k ? std::min(static_cast<size_t>(*options.k), items.size()) : items.size();
  switch (options.metric) {
    case RankingMetric::recall:
      return recall(blocks, k, relevant);
    case RankingMetric::hit_rate:
      return hit_rate(blocks, k);
    case RankingMetric::ndcg:
      return ndcg(items, blocks, k, options.gain);
    case RankingMetric::reciprocal_rank:
      return reciprocal_rank(blocks, k);
  }
  return kNan;
}

}  // namespace

double ranking_metric(std::span<const float> labels, std::span<const float> scores, const RankingOptions& options) {
  check_options(options);
  GroupedScores list;
  list.add(std::vector<uint64_t>(labels.size()), labels, scores);
  return metric_of(list.sorted(), options);
}

std::vector<GroupValue> ranking_metrics(const GroupedScores& scores, const RankingOptions& options,
                                        GroupWeighting weighting) {
  check_options(options);
  return values_by_group(scores, weighting,
                         [&](std::span<const GroupedScore> items) { return metric_of(items, options); });
}

namespace {

[[maybe_unused]] const std::vector<float> kLabels = {0, 1, 0, 0, 1};
[[maybe_unused]] const std::vector<float> kScores = {0.9f, 0.8f, 0.7f, 0.2f, 0.1f};

[[maybe_unused]] double value_of(RankingMetric metric, std::optional<int64_t> k,
                                 const std::vector<float>& labels = kLabels,
                                 const std::vector<float>& scores = kScores) {
  return ranking_metric(labels, scores, {.metric = metric, .k = k});
}

}  // namespace

TEST_CASE("ranking: relevant items at ranks 2 and 5, by hand") {
  CHECK(value_of(RankingMetric::recall, 1) == 0.0);
  CHECK(value_of(RankingMetric::recall, 3) == 0.5);
  CHECK(value_of(RankingMetric::recall, {}) == 1.0);
  CHECK(value_of(RankingMetric::hit_rate, 1) == 0.0);
  CHECK(value_of(RankingMetric::hit_rate, 2) == 1.0);
  CHECK(value_of(RankingMetric::reciprocal_rank, {}) == 0.5);
  CHECK(value_of(RankingMetric::reciprocal_rank, 1) == 0.0);
  CHECK(value_of(RankingMetric::ndcg, 2) == doctest::Approx((1 / std::log2(3.0)) / (1 + 1 / std::log2(3.0))));
  CHECK(value_of(RankingMetric::ndcg, {}) ==
        doctest::Approx((1 / std::log2(3.0) + 1 / std::log2(6.0)) / (1 + 1 / std::log2(3.0))));
}

TEST_CASE("ranking: NDCG with graded labels and ties is scikit-learn's") {
  // sklearn.metrics.ndcg_score of 1.9.1, with these labels and with 2^label - 1.
  const std::vector<float> labels = {3, 2, 3, 0, 1, 2}, scores = {0.6f, 0.5f, 0.5f, 0.4f, 0.3f, 0.3f};
  const double linear[] = {0.9355245321275764, 0.9888906808152524, 0.8972984058372366, 0.9721214195611558};
  const double exponential[] = {0.8894706265044168, 0.9797267572963398, 0.9200407585105304, 0.9688516732783294};
  const std::optional<int64_t> ks[] = {2, 3, 5, {}};
  for (int i = 0; i < 4; ++i) {
    CHECK(ranking_metric(labels, scores, {.k = ks[i], .gain = NdcgGain::linear}) ==
          doctest::Approx(linear[i]).epsilon(1e-12));
    CHECK(ranking_metric(labels, scores, {.k = ks[i]}) == doctest::Approx(exponential[i]).epsilon(1e-12));
  }
}

TEST_CASE("ranking: ties count as the mean over all orders") {
  std::vector<float> labels = {0, 0, 0, 1, 1};
  const std::vector<float> tied = {2, 1, 1, 1, 1}, ranked = {5, 4, 3, 2, 1};
  for (const RankingMetric metric :
       {RankingMetric::recall, RankingMetric::hit_rate, RankingMetric::ndcg, RankingMetric::reciprocal_rank}) {
    for (const std::optional<int64_t> k :
         {std::optional<int64_t>(2), std::optional<int64_t>(3), std::optional<int64_t>()}) {
      double sum = 0.0, orders = 0.0;
      std::vector<float> order = labels;
      do {
        sum += value_of(metric, k, order, ranked);
        orders += 1.0;
      } while (std::next_permutation(order.begin() + 1, order.end()));
      CHECK(orders == 6.0);
      CHECK(value_of(metric, k, labels, tied) == doctest::Approx(sum / orders));
    }
  }
}

TEST_CASE("ranking: means over lists, those without a relevant item left out") {
  GroupedScores scores;
  scores.add(std::vector<uint64_t>{1, 1, 2, 2, 3}, std::vector<float>{0, 1, 1, 0, 0}, std::vector<float>{9, 1, 9, 1, 5},
             std::vector<float>{1, 2, 0.5f, 0.5f, 1});
  const RankingOptions mrr = {.metric = RankingMetric::reciprocal_rank};
  CHECK(ranking_metrics(scores, mrr).size() == 2);
  CHECK(mean_of(ranking_metrics(scores, mrr)) == 0.75);
  CHECK(mean_of(ranking_metrics(scores, mrr, GroupWeighting::impressions)) == doctest::Approx((3 * 0.5 + 1.0) / 4));
  CHECK(std::isnan(value_of(RankingMetric::recall, 3, {0, 0}, {1, 2})));
}

TEST_CASE("ranking: what can't be is an error, from any thread") {
  CHECK_THROWS_AS(value_of(RankingMetric::recall, 0), ValueError);
  CHECK_THROWS_AS(value_of(RankingMetric::recall, 1, {1}, {1, 2}), ValueError);
  CHECK_THROWS_AS(value_of(RankingMetric::recall, 1, {1}, {std::nanf("")}), ValueError);
  CHECK_THROWS_AS(value_of(RankingMetric::ndcg, 1, {-1, 1}, {1, 2}), ValueError);
  CHECK(value_of(RankingMetric::recall, 1, {-1, 1}, {1, 2}) == 1.0);
  GroupedScores scores;
  scores.add(std::vector<uint64_t>{1}, std::vector<float>{-1}, std::vector<float>{1});
  const ThreadLimit limit(2);
  CHECK_THROWS_AS(ranking_metrics(scores, {}), ValueError);
}

}  // namespace weft
