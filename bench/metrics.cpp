// Metrics: exact, over all examples at once (the estimator's AUC is TensorFlow's, by thresholds).
#include "metrics.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace weft::bench {

double auc(std::span<const float> labels, std::span<const float> logits) {
  std::vector<size_t> order(labels.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return logits[a] < logits[b]; });
  double positives = 0, rank_sum = 0;
  for (size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    double here = 0;
    for (end = begin; end < order.size() && logits[order[end]] == logits[order[begin]]; end++)
      here += labels[order[end]];
    rank_sum += here * static_cast<double>(begin + 1 + end) / 2.0;  // the ranks begin + 1 .. end
    positives += here;
  }
  const double negatives = static_cast<double>(labels.size()) - positives;
  return (rank_sum - positives * (positives + 1) / 2) / (positives * negatives);
}

double log_loss(std::span<const float> labels, std::span<const float> logits) {
  double total = 0;
  for (size_t i = 0; i < labels.size(); i++) {
    const double x = logits[i];
    total += std::max(x, 0.0) - x * labels[i] + std::log1p(std::exp(-std::abs(x)));
  }
  return total / static_cast<double>(labels.size());
}

double percentile(std::vector<double> values, double percent) {
  std::sort(values.begin(), values.end());
  const double place = percent / 100.0 * static_cast<double>(values.size() - 1);
  const size_t below = static_cast<size_t>(place), above = std::min(below + 1, values.size() - 1);
  return values[below] + (place - static_cast<double>(below)) * (values[above] - values[below]);
}

TEST_CASE("weft_bench auc: pairs in order over all pairs, a tie counts half") {
  const std::vector<float> labels = {0, 1, 0, 1};
  CHECK(auc(labels, std::vector<float>{0.1f, 0.2f, 0.3f, 0.4f}) == doctest::Approx(0.75));
  CHECK(auc(labels, std::vector<float>{0.1f, 0.3f, 0.3f, 0.4f}) == doctest::Approx(0.875));
  CHECK(auc(labels, std::vector<float>{1.0f, 1.0f, 1.0f, 1.0f}) == doctest::Approx(0.5));
}

TEST_CASE("weft_bench log_loss: no overflow for large logits") {
  CHECK(log_loss(std::vector<float>{1, 0}, std::vector<float>{0, 0}) == doctest::Approx(0.693147));
  CHECK(log_loss(std::vector<float>{0}, std::vector<float>{1000}) == doctest::Approx(1000.0));
}

TEST_CASE("weft_bench percentile: linear between neighbours") {
  CHECK(percentile({4, 1, 2, 3}, 50) == doctest::Approx(2.5));
  CHECK(percentile({4, 1, 2, 3}, 100) == doctest::Approx(4.0));
  CHECK(percentile({7}, 99) == doctest::Approx(7.0));
}

}  // namespace weft::bench
