// Streaming means and counts.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/estimator/metrics/counts.h>

#include <iterator>
#include <utility>
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
  return divide_no_nan(true_positives(), true_positives() + false_positives() + epsilon);
}

double Confusion::recall(double epsilon) const {
  return divide_no_nan(true_positives(), true_positives() + false_negatives() + epsilon);
}

void StreamingMean::merge(const StreamingMean& other) {
  total_.merge(other.total_);
  count_.merge(other.count_);
}

void StreamingMean::save(MetricState& state, const std::string& name) const {
  const ExactSum sums[] = {total_, count_};
  state[name + "/sums"] = save_sums(sums);
}

void StreamingMean::restore(const MetricState& state, const std::string& name) {
  ExactSum sums[2];
  restore_sums(state_array(state, name + "/sums"), sums);
  total_ = std::move(sums[0]);
  count_ = std::move(sums[1]);
}

void Confusion::merge(const Confusion& other) {
  for (size_t i = 0; i < std::size(sums_); ++i) sums_[i].merge(other.sums_[i]);
}

void Confusion::save(MetricState& state, const std::string& name) const {
  state[name + "/sums"] = save_sums(sums_);
}

void Confusion::restore(const MetricState& state, const std::string& name) {
  Confusion restored;
  restore_sums(state_array(state, name + "/sums"), restored.sums_);
  *this = std::move(restored);
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
  CHECK(counts.true_positives() == 2.0);  // a score on the threshold is a no
  CHECK(counts.false_positives() == 1.0);
  CHECK(counts.false_negatives() == 1.0);
  CHECK(counts.true_negatives() == 1.0);
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

TEST_CASE("streaming mean, confusion: parts that are merged or restored are the whole, to the bit") {
  StreamingMean mean, mean_parts[2];
  Confusion counts, count_parts[2];
  for (int i = 0; i < 1000; ++i) {
    const float value = static_cast<float>(i % 7) * 1e-5f, weight = static_cast<float>(i % 11) * 0.1f;
    mean.add(value, weight);
    mean_parts[i % 3 == 0].add(value, weight);
    counts.add(i % 2 == 0, i % 5 == 0, weight);
    count_parts[i % 3 == 0].add(i % 2 == 0, i % 5 == 0, weight);
  }
  MetricState whole, parts;
  mean.save(whole, "mean");
  counts.save(whole, "counts");
  mean_parts[1].merge(mean_parts[0]);
  mean_parts[1].save(parts, "mean");
  count_parts[0].merge(count_parts[1]);
  count_parts[0].save(parts, "counts");
  CHECK(whole == parts);
  StreamingMean again;
  again.restore(whole, "mean");
  CHECK(again.result() == mean.result());
  Confusion counted;
  counted.restore(whole, "counts");
  CHECK(counted.precision() == counts.precision());
  CHECK_THROWS_AS(counted.restore(whole, "mean"), DataError);
}

}  // namespace weft
