// make_summary_histogram: counts in buckets that grow by a tenth.
#include <weft/core/error.h>
#include <weft/io/summary_histogram.h>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace weft {
namespace {

constexpr double kSmallest = 1e-12, kLargest = 1e20, kGrowth = 1.1;

// Upper limits of all buckets, ascending: -1e20, ..., -1e-12, 0, 1e-12, ..., 1e20, the largest double.
std::vector<double> all_limits() {
  std::vector<double> positive;
  for (double limit = kSmallest; limit < kLargest; limit *= kGrowth) positive.push_back(limit);
  positive.push_back(std::numeric_limits<double>::max());
  std::vector<double> limits(positive.rbegin(), positive.rend());
  for (double& limit : limits) limit = -limit;
  limits.push_back(0.0);
  limits.insert(limits.end(), positive.begin(), positive.end());
  return limits;
}

void check_finite(float value, size_t place) {
  if (std::isfinite(value)) return;
  throw ValueError(fmt::format(
      "[histogram] a number is not finite: got {} at place {}, expected finite ones. Look for where it comes "
      "from; NaN and infinity have no bucket.",
      value, place));
}

}  // namespace

SummaryHistogram make_summary_histogram(std::span<const float> values) {
  SummaryHistogram histogram;
  if (values.empty()) return histogram;
  const std::vector<double> limits = all_limits();
  std::vector<double> counts(limits.size(), 0.0);
  histogram.min = histogram.max = values[0];
  for (size_t i = 0; i < values.size(); ++i) {
    check_finite(values[i], i);
    const double value = values[i];
    histogram.min = std::min(histogram.min, value);
    histogram.max = std::max(histogram.max, value);
    histogram.sum += value;
    histogram.sum_squares += value * value;
    counts[static_cast<size_t>(std::ranges::upper_bound(limits, value) - limits.begin())] += 1.0;
  }
  histogram.num = static_cast<double>(values.size());
  for (size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] == 0.0) continue;
    if (i > 0 && counts[i - 1] == 0.0) {
      histogram.limits.push_back(limits[i - 1]);
      histogram.counts.push_back(0.0);
    }
    histogram.limits.push_back(limits[i]);
    histogram.counts.push_back(counts[i]);
  }
  return histogram;
}

TEST_CASE("summary_histogram: buckets as TensorFlow's, empty ones left out") {
  // tf.compat.v1.summary.histogram of these numbers has the same limits and counts (2.15), and one empty bucket more at
  // the end.
  const SummaryHistogram histogram = make_summary_histogram(std::vector<float>{-1.0f, 0.0f, 0.5f, 0.5f, 2.0f});
  CHECK(histogram.min == -1.0);
  CHECK(histogram.max == 2.0);
  CHECK(histogram.num == 5.0);
  CHECK(histogram.sum == 2.0);
  CHECK(histogram.sum_squares == 5.5);
  const std::vector<double> limits = {-1.0089710, -0.91724639, 0, 1e-12, 0.47069243, 0.51776167, 1.9661991, 2.1628190};
  const std::vector<double> counts = {0, 1, 0, 1, 0, 2, 0, 1};
  REQUIRE(histogram.limits.size() == limits.size());
  for (size_t i = 0; i < limits.size(); ++i) CHECK(histogram.limits[i] == doctest::Approx(limits[i]).epsilon(1e-6));
  CHECK(histogram.counts == counts);
}

TEST_CASE("summary_histogram: the largest numbers have buckets, NaN and infinity have none") {
  const float most = std::numeric_limits<float>::max();
  const SummaryHistogram histogram = make_summary_histogram(std::vector<float>{most, -most});
  CHECK(histogram.counts == std::vector<double>{0, 1, 0, 1});
  CHECK(histogram.limits.back() == std::numeric_limits<double>::max());
  CHECK(make_summary_histogram({}).counts.empty());
  for (const float bad : {std::nanf(""), HUGE_VALF, -HUGE_VALF})
    CHECK_THROWS_AS(make_summary_histogram(std::vector<float>{1.0f, bad}), ValueError);
}

}  // namespace weft
