// Bootstrap: Poisson draws and percentiles.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/core/random.h>
#include <weft/estimator/metrics/auc.h>
#include <weft/estimator/metrics/bootstrap.h>
#include <weft/estimator/metrics/log_loss.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace weft {

namespace {

// The probability that a Poisson number of mean 1 is at most k, of 2^32: sum of 1 / (e j!) for j up to k, rounded. The
// last one is 2^32 - 1: a number above 12 comes once in 2^34 draws.
constexpr std::array<uint32_t, 13> kAtMost = {1580030169, 3160060337, 3950075422, 4213413783, 4279248373,
                                              4292415291, 4294609778, 4294923276, 4294962463, 4294966817,
                                              4294967253, 4294967292, 4294967295};

double percentile(const std::vector<double>& sorted, double share) {
  const double place = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(place);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (place - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

}  // namespace

int poisson_count(uint64_t seed, uint64_t key, uint64_t replicate) {
  const uint32_t bits = philox(key, replicate / 4, seed)[replicate % 4];
  int count = 0;
  while (static_cast<size_t>(count) + 1 < kAtMost.size() && bits >= kAtMost[static_cast<size_t>(count)]) ++count;
  return count;
}

Interval interval_of(double value, std::vector<double> replicates, double confidence) {
  std::erase_if(replicates, [](double replicate) { return std::isnan(replicate); });
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  if (replicates.empty()) return {.value = value, .low = kNan, .high = kNan, .standard_error = kNan};
  std::ranges::sort(replicates);
  double mean = 0.0, squares = 0.0;
  for (const double replicate : replicates) mean += replicate;
  mean /= static_cast<double>(replicates.size());
  for (const double replicate : replicates) squares += (replicate - mean) * (replicate - mean);
  const double tail = (1.0 - confidence) / 2.0, others = static_cast<double>(replicates.size()) - 1.0;
  return {.value = value,
          .low = percentile(replicates, tail),
          .high = percentile(replicates, 1.0 - tail),
          .standard_error = others > 0.0 ? std::sqrt(squares / others) : 0.0};
}

void check_bootstrap(const BootstrapOptions& options) {
  if (options.replicates < 1) {
    throw ValueError(
        fmt::format("[Bootstrap] replicates must be at least 1: got {}. 1000 are usual.", options.replicates));
  }
  if (options.confidence > 0.0 && options.confidence < 1.0) return;
  throw ValueError(fmt::format("[Bootstrap] confidence must be in (0, 1): got {}. 0.95 is usual.", options.confidence));
}

void check_replicates(size_t got, size_t expected) {
  if (got == expected) return;
  throw ValueError(fmt::format(
      "[Bootstrap] wrong number of keys or replicates: got {}, expected {}. Give a key an example, and merge "
      "what was counted with the same options.",
      got, expected));
}

Interval bootstrap_mean(std::span<const GroupValue> values, const BootstrapOptions& options) {
  check_bootstrap(options);
  std::vector<double> replicates(static_cast<size_t>(options.replicates));
  parallel_blocks(options.replicates, [&](int64_t r) {
    double total = 0.0, weight = 0.0;  // in the order of the groups, which is always the same
    for (const GroupValue& value : values) {
      const double drawn = value.weight * poisson_count(options.seed, value.group, static_cast<uint64_t>(r));
      total += drawn * value.value;
      weight += drawn;
    }
    replicates[static_cast<size_t>(r)] = weight > 0.0 ? total / weight : std::numeric_limits<double>::quiet_NaN();
  });
  return interval_of(mean_of(values), std::move(replicates), options.confidence);
}

namespace {

// 400 examples whose scores say a little of their labels.
struct Sample {
  std::vector<uint64_t> keys;
  std::vector<float> labels, scores;
  Sample() {
    const RandomStream random{.seed = 3, .stream = 0};
    for (uint64_t i = 0; i < 400; ++i) {
      keys.push_back(i);
      labels.push_back(random.uniform(2 * i) < 0.3f ? 1.0f : 0.0f);
      scores.push_back(0.7f * random.uniform(2 * i + 1) + 0.2f * labels.back());
    }
  }
};

}  // namespace

TEST_CASE("bootstrap: draws are Poisson numbers of mean 1") {
  std::array<int, 14> counts = {};
  double sum = 0.0, squares = 0.0;
  const int n = 200'000;
  for (int i = 0; i < n; ++i) {
    const int count = poisson_count(7, static_cast<uint64_t>(i), static_cast<uint64_t>(i % 5));
    ++counts.at(static_cast<size_t>(count));
    sum += count;
    squares += count * count;
  }
  CHECK(sum / n == doctest::Approx(1.0).epsilon(0.01));
  CHECK(squares / n - 1.0 == doctest::Approx(1.0).epsilon(0.02));
  CHECK(counts[0] == doctest::Approx(n * std::exp(-1.0)).epsilon(0.01));
  CHECK(counts[3] == doctest::Approx(n * std::exp(-1.0) / 6).epsilon(0.03));
}

TEST_CASE("bootstrap: percentiles are interpolated, NaN left out") {
  const Interval interval = interval_of(2.5, {4, 1, std::nan(""), 3, 2, 5}, 0.5);
  CHECK(interval.value == 2.5);
  CHECK(interval.low == 2.0);
  CHECK(interval.high == 4.0);
  CHECK(interval.standard_error == doctest::Approx(std::sqrt(2.5)));
  CHECK(interval_of(1.0, {0, 1}, 0.8).low == doctest::Approx(0.1));
  CHECK(std::isnan(interval_of(1.0, {std::nan("")}, 0.9).low));
}

TEST_CASE("bootstrap: a mean's standard error is the textbook's") {
  // Of n equal groups: the values' standard deviation by the root of n.
  std::vector<GroupValue> values;
  for (uint64_t i = 0; i < 1000; ++i) values.push_back({.group = i, .value = i % 2 ? 1.0 : 0.0, .weight = 1.0});
  const Interval interval = bootstrap_mean(values, {.replicates = 2000});
  CHECK(interval.value == 0.5);
  CHECK(interval.standard_error == doctest::Approx(0.5 / std::sqrt(1000.0)).epsilon(0.05));
  CHECK(interval.low == doctest::Approx(0.5 - 1.96 * 0.5 / std::sqrt(1000.0)).epsilon(0.01));
  CHECK(interval.high == doctest::Approx(0.5 + 1.96 * 0.5 / std::sqrt(1000.0)).epsilon(0.01));
}

TEST_CASE("bootstrap: the interval of an AUC, the same for any split and any number of threads") {
  const Sample sample;
  const BootstrapOptions options = {.replicates = 50};
  Bootstrap<StreamingAuc> whole(StreamingAuc(), options), parts[2] = {whole, whole};
  whole.add(sample.keys, sample.labels, sample.scores);
  for (size_t i = 0; i < sample.keys.size(); ++i) {
    const ThreadLimit limit(i % 2 == 0 ? 1 : 2);
    parts[i % 3 == 0].add(std::span(sample.keys).subspan(i, 1), std::span(sample.labels).subspan(i, 1),
                          std::span(sample.scores).subspan(i, 1));
  }
  parts[1].merge(parts[0]);
  MetricState state, merged;
  whole.save(state, "b");
  parts[1].save(merged, "b");
  CHECK(state == merged);
  const Interval interval = whole.interval();
  CHECK(interval.low < interval.value);
  CHECK(interval.value < interval.high);
  CHECK(interval.standard_error > 0.01);
  CHECK(interval.standard_error < 0.05);
  Bootstrap<StreamingAuc> restored(StreamingAuc(), options);
  restored.restore(state, "b");
  CHECK(restored.interval().high == interval.high);
}

TEST_CASE("bootstrap: any number of a metric, and options that can't be") {
  const Sample sample;
  Bootstrap<LogLoss> loss(LogLoss(), {.replicates = 40, .confidence = 0.8});
  loss.add(sample.keys, sample.labels, sample.scores);
  const Interval interval = loss.interval([](const LogLoss& l) { return l.normalized_entropy(); });
  CHECK(interval.value == loss.metric().normalized_entropy());
  CHECK(interval.low < interval.high);
  CHECK_THROWS_AS(loss.merge(Bootstrap<LogLoss>(LogLoss(), {.replicates = 41})), ValueError);
  CHECK_THROWS_AS(loss.add(std::span(sample.keys).first(1), sample.labels, sample.scores), ValueError);
  CHECK_THROWS_AS(check_bootstrap({.replicates = 0}), ValueError);
  CHECK_THROWS_AS(check_bootstrap({.confidence = 1.0}), ValueError);
}

}  // namespace weft
