// Streaming means and counts.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/estimator/metrics/counts.h>

#include <vector>

namespace weft {

namespace {

void check_size(const char* where, const char* what, size_t got, size_t expected) {
  if (got == expected) return;
  throw ValueError(
      fmt::format("[{}] wrong number of {}: got {}, expected {}. Give one an example.", where, what, got, expected));
}

double divide_no_nan(double numerator, double divisor) {
  return divisor > 0.0 ? numerator / divisor : 0.0;
}

}  // namespace

void StreamingMean::add(std::span<const float> values, std::span<const float> weights) {
  if (!weights.empty()) check_size("StreamingMean", "weights", weights.size(), values.size());
  for (size_t i = 0; i < values.size(); ++i) add(values[i], weights.empty() ? 1.0 : weights[i]);
}

void Confusion::add(std::span<const float> labels, std::span<const float> scores, float threshold,
                    std::span<const float> weights) {
  check_size("Confusion", "scores", scores.size(), labels.size());
  if (!weights.empty()) check_size("Confusion", "weights", weights.size(), labels.size());
  for (size_t i = 0; i < labels.size(); ++i) {
    add(labels[i] != 0.0f, scores[i] > threshold, weights.empty() ? 1.0 : weights[i]);
  }
}

double Confusion::precision(double epsilon) const {
  return divide_no_nan(true_positives, true_positives + false_positives + epsilon);
}

double Confusion::recall(double epsilon) const {
  return divide_no_nan(true_positives, true_positives + false_negatives + epsilon);
}

TEST_CASE("streaming mean: weights count, batches add up") {
  StreamingMean mean;
  CHECK(mean.result() == 0.0);
  mean.add(std::vector<float>{1, 2, 3});
  CHECK(mean.result() == 2.0);
  mean.add(std::vector<float>{8, 100}, std::vector<float>{1, 0});
  CHECK(mean.result() == 3.5);
  CHECK(mean.total() == 14.0);
  CHECK(mean.count() == 4.0);
}

TEST_CASE("streaming mean: another number of weights is an error") {
  StreamingMean mean;
  CHECK_THROWS_AS(mean.add(std::vector<float>{1, 2}, std::vector<float>{1}), ValueError);
}

TEST_CASE("confusion: precision and recall by hand") {
  Confusion counts;
  counts.add(std::vector<float>{1, 1, 1, 0, 0}, std::vector<float>{0.9f, 0.8f, 0.5f, 0.7f, 0.1f}, 0.5f);
  CHECK(counts.true_positives == 2.0);  // a score on the threshold is a no
  CHECK(counts.false_positives == 1.0);
  CHECK(counts.false_negatives == 1.0);
  CHECK(counts.true_negatives == 1.0);
  CHECK(counts.precision() == doctest::Approx(2.0 / 3));
  CHECK(counts.recall() == doctest::Approx(2.0 / 3));
  CHECK(counts.precision(1.0) == 0.5);
}

TEST_CASE("confusion: nothing predicted gives precision 0, no positive label recall 0") {
  Confusion counts;
  counts.add(false, false);
  CHECK(counts.precision() == 0.0);
  CHECK(counts.recall() == 0.0);
  CHECK_THROWS_AS(counts.add(std::vector<float>{1}, std::vector<float>{}, 0.5f), ValueError);
}

}  // namespace weft
