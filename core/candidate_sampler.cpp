// Candidate sampling: draws by inverting the distribution, expected counts from the number of draws.
#include <weft/core/candidate_sampler.h>
#include <weft/core/error.h>

#include <doctest/doctest.h>
#include <algorithm>
#include <cmath>
#include <string>
#include <unordered_set>

namespace weft {
namespace {

using Options = CandidateSamplerOptions;

void check(std::span<const int64_t> true_ids, const Options& options) {
  if (options.num_sampled < 1 || options.range_max < 1) {
    throw ValueError("[sample_candidates] got num_sampled " + std::to_string(options.num_sampled) + " and range_max " +
                     std::to_string(options.range_max) + ", expected at least 1 of each.");
  }
  if (options.unique && options.num_sampled > options.range_max) {
    throw ValueError("[sample_candidates] num_sampled: got " + std::to_string(options.num_sampled) +
                     " different classes of " + std::to_string(options.range_max) + ". Sample fewer.");
  }
  for (const int64_t id : true_ids) {
    if (id >= 0 && id < options.range_max) continue;
    throw ValueError("[sample_candidates] a true class is out of range: got " + std::to_string(id) + ", expected [0, " +
                     std::to_string(options.range_max) + ").");
  }
}

double probability(const Options& options, int64_t id) {
  const auto range = static_cast<double>(options.range_max), k = static_cast<double>(id);
  if (options.distribution == Options::Distribution::uniform) return 1.0 / range;
  return std::log((k + 2.0) / (k + 1.0)) / std::log1p(range);
}

int64_t draw(const Options& options, const RandomStream& stream, uint64_t index) {
  const auto range = static_cast<uint64_t>(options.range_max);
  if (options.distribution == Options::Distribution::uniform) {
    return static_cast<int64_t>(stream.below(index, range));
  }
  const double u = static_cast<double>(stream.bits64(index) >> 11) * 0x1p-53;
  const auto id = static_cast<int64_t>(std::expm1(u * std::log1p(static_cast<double>(options.range_max))));
  return std::clamp<int64_t>(id, 0, options.range_max - 1);
}

/// How often a class is expected among `draws`: at most once where they must differ.
float expected_count(const Options& options, int64_t id, int64_t draws) {
  const double p = probability(options, id), n = static_cast<double>(draws);
  return static_cast<float>(draws == options.num_sampled ? p * n : -std::expm1(n * std::log1p(-p)));
}

}  // namespace

CandidateSample sample_candidates(std::span<const int64_t> true_ids, const Options& options,
                                  const RandomStream& stream) {
  check(true_ids, options);
  CandidateSample sample;
  std::unordered_set<int64_t> seen;
  int64_t draws = 0;
  while (static_cast<int64_t>(sample.ids.size()) < options.num_sampled) {
    const int64_t id = draw(options, stream, static_cast<uint64_t>(draws++));
    if (!options.unique || seen.insert(id).second) sample.ids.push_back(id);
  }
  for (const int64_t id : sample.ids) sample.expected_counts.push_back(expected_count(options, id, draws));
  for (const int64_t id : true_ids) sample.true_expected_counts.push_back(expected_count(options, id, draws));
  return sample;
}

TEST_CASE("candidates: expected counts of TensorFlow's, when every draw counts") {
  const int64_t true_ids[] = {0, 3, 9};
  const auto sample = sample_candidates(true_ids, {.num_sampled = 4, .range_max = 10, .unique = false}, {1, 2});
  CHECK(sample.ids.size() == 4);
  CHECK(sample.true_expected_counts[0] == doctest::Approx(1.1562593));
  CHECK(sample.true_expected_counts[1] == doctest::Approx(0.37223235));
  CHECK(sample.true_expected_counts[2] == doctest::Approx(0.15898973));
  // TensorFlow needed five draws for four different classes.
  const Options unique{.num_sampled = 4, .range_max = 10};
  CHECK(expected_count(unique, 0, 5) == doctest::Approx(0.8183857));
  CHECK(expected_count(unique, 7, 5) == doctest::Approx(0.22262588));
  const auto uniform = sample_candidates(
      true_ids, {.num_sampled = 5, .range_max = 10, .distribution = Options::Distribution::uniform, .unique = false},
      {1, 2});
  CHECK(uniform.true_expected_counts[2] == 0.5f);
}

TEST_CASE("candidates: different where they must be, as frequent as they should be, a function of the stream") {
  const auto all = sample_candidates({}, {.num_sampled = 10, .range_max = 10}, {3, 4});
  CHECK(std::unordered_set<int64_t>(all.ids.begin(), all.ids.end()).size() == 10);
  CHECK(sample_candidates({}, {.num_sampled = 10, .range_max = 10}, {3, 4}).ids == all.ids);
  const auto many = sample_candidates({}, {.num_sampled = 100000, .range_max = 1000, .unique = false}, {3, 4});
  for (const int64_t id : {0, 1, 10}) {
    const double share = static_cast<double>(std::ranges::count(many.ids, id)) / 100000;
    CHECK(share == doctest::Approx(probability({.range_max = 1000}, id)).epsilon(0.05));
  }
  CHECK(std::ranges::max(many.ids) < 1000);
  CHECK(std::ranges::min(many.ids) >= 0);
}

TEST_CASE("candidates: what can't be drawn") {
  const int64_t above[] = {10};
  CHECK_THROWS_AS(sample_candidates({}, {.num_sampled = 11, .range_max = 10}, {}), ValueError);
  CHECK_THROWS_AS(sample_candidates({}, {.num_sampled = 0, .range_max = 10}, {}), ValueError);
  CHECK_THROWS_AS(sample_candidates(above, {.num_sampled = 1, .range_max = 10}, {}), ValueError);
}

}  // namespace weft
