// ExactAuc: sorted positives and negatives, walked together.
#include <doctest/doctest.h>
#include <weft/core/error.h>
#include <weft/estimator/metrics/check_examples.h>
#include <weft/estimator/metrics/exact_auc.h>
#include <weft/estimator/metrics/exact_sum.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace weft {

namespace {

// A float's bits in the order of the numbers; -0 is 0.
uint32_t ordered(float score) {
  const auto bits = std::bit_cast<uint32_t>(score == 0.0f ? 0.0f : score);
  return bits >> 31 ? ~bits : bits | 0x80000000u;
}

uint64_t pack(float score, float weight) {
  return static_cast<uint64_t>(ordered(score)) << 32 | std::bit_cast<uint32_t>(weight);
}

uint32_t score_of(uint64_t packed) {
  return static_cast<uint32_t>(packed >> 32);
}

float weight_of(uint64_t packed) {
  return std::bit_cast<float>(static_cast<uint32_t>(packed));
}

// The weight of the examples from `at` on that have this score; moves `at` behind them.
double take(const std::vector<uint64_t>& sorted, size_t& at, uint32_t score) {
  if (at == sorted.size() || score_of(sorted[at]) != score) return 0.0;
  const bool alone = at + 1 == sorted.size() || score_of(sorted[at + 1]) != score;
  if (alone) return weight_of(sorted[at++]);
  ExactSum sum;
  for (; at < sorted.size() && score_of(sorted[at]) == score; ++at) sum.add(weight_of(sorted[at]));
  return sum.value();
}

// Of sorted examples. From the lowest score up: each positive has won against the negatives below it.
double area(const std::vector<uint64_t>& positives, const std::vector<uint64_t>& negatives) {
  ExactSum won, positive_weight, below;
  for (size_t p = 0, n = 0; p < positives.size() || n < negatives.size();) {
    const uint32_t score = std::min(p < positives.size() ? score_of(positives[p]) : UINT32_MAX,
                                    n < negatives.size() ? score_of(negatives[n]) : UINT32_MAX);
    const double positive = take(positives, p, score), negative = take(negatives, n, score);
    if (positive > 0.0) won.add(positive * (below.value() + negative / 2.0));
    positive_weight.add(positive);
    below.add(negative);
  }
  const double pairs = positive_weight.value() * below.value();
  return pairs > 0.0 ? won.value() / pairs : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace

void ExactAuc::add(std::span<const float> labels, std::span<const float> scores, std::span<const float> weights) {
  check_examples("ExactAuc", labels, scores, weights);
  for (size_t i = 0; i < labels.size(); ++i) {
    const float weight = weights.empty() ? 1.0f : weights[i];
    if (weight > 0.0f) (labels[i] != 0.0f ? positives_ : negatives_).push_back(pack(scores[i], weight));
  }
}

double ExactAuc::result() const {
  std::vector<uint64_t> positives = positives_, negatives = negatives_;
  std::ranges::sort(positives);
  std::ranges::sort(negatives);
  return area(positives, negatives);
}

void ExactAuc::merge(const ExactAuc& other) {
  const auto append = [](std::vector<uint64_t>& to, const std::vector<uint64_t>& from) {
    const size_t count = from.size();  // the two may be one
    to.reserve(to.size() + count);
    for (size_t i = 0; i < count; ++i) to.push_back(from[i]);
  };
  append(positives_, other.positives_);
  append(negatives_, other.negatives_);
}

void ExactAuc::save(MetricState& state, const std::string& name) const {
  const auto put = [&](const char* what, std::vector<uint64_t> examples) {
    std::ranges::sort(examples);
    state[name + what].assign(examples.begin(), examples.end());
  };
  put("/positives", positives_);
  put("/negatives", negatives_);
}

void ExactAuc::restore(const MetricState& state, const std::string& name) {
  const auto get = [&](const char* what) {
    const std::vector<int64_t>& packed = state_array(state, name + what);
    std::vector<uint64_t> examples(packed.begin(), packed.end());
    for (const uint64_t example : examples) {
      const float weight = weight_of(example);
      const bool number = score_of(example) >= ordered(-HUGE_VALF) && score_of(example) <= ordered(HUGE_VALF);
      if (!number || !(weight > 0.0f && weight < HUGE_VALF))
        throw DataError("[ExactAuc] damaged state: got a score or a weight that can't be. Save it again.");
    }
    return examples;
  };
  ExactAuc restored;
  restored.positives_ = get("/positives");
  restored.negatives_ = get("/negatives");
  *this = std::move(restored);
}

void AucOfFew::clear() {
  positives_.clear();
  negatives_.clear();
}

void AucOfFew::add(float label, float score, float weight) {
  if (weight > 0.0f) (label != 0.0f ? positives_ : negatives_).push_back(pack(score, weight));
}

double AucOfFew::result() {
  std::ranges::sort(positives_);
  std::ranges::sort(negatives_);
  return area(positives_, negatives_);
}

namespace {

[[maybe_unused]] double auc_of(const std::vector<float>& labels, const std::vector<float>& scores,
                               const std::vector<float>& weights = {}) {
  ExactAuc auc;
  auc.add(labels, scores, weights);
  return auc.result();
}

}  // namespace

TEST_CASE("exact auc: pairs in order, ties half, weights") {
  CHECK(auc_of({0, 0, 1, 1}, {0.1f, 0.4f, 0.35f, 0.8f}) == 0.75);
  CHECK(auc_of({0, 1, 0, 1}, {0.5f, 0.5f, 0.1f, 0.9f}) == 0.875);
  CHECK(auc_of({0, 1}, {0.0f, -0.0f}) == 0.5);
  CHECK(auc_of({0, 1, 1}, {-HUGE_VALF, HUGE_VALF, -3.0f}) == 1.0);
  // Positives of weights 1 (0.35) and 3 (0.8) against negatives of weights 2 (0.1) and 4 (0.4): (1*2 + 3*6) / (4*6).
  CHECK(auc_of({0, 0, 1, 1}, {0.1f, 0.4f, 0.35f, 0.8f}, {2, 4, 1, 3}) == doctest::Approx(20.0 / 24));
  CHECK(std::isnan(auc_of({1, 1}, {0.1f, 0.2f})));
  CHECK(std::isnan(auc_of({1, 0}, {0.1f, 0.2f}, {1, 0})));
  CHECK(std::isnan(ExactAuc().result()));
}

TEST_CASE("exact auc: equals counting all pairs, in parts as in one") {
  ExactAuc whole, parts[2];
  std::vector<float> labels, scores;
  for (int i = 0; i < 200; ++i) {
    labels.push_back(i * 37 % 5 == 0 ? 1.0f : 0.0f);
    scores.push_back(static_cast<float>(i * 61 % 50) - 25.0f + 4.0f * labels.back());
    const std::vector<float> label = {labels.back()}, score = {scores.back()};
    parts[i % 3 == 1].add(label, score);
  }
  whole.add(labels, scores);
  double won = 0.0, pairs = 0.0;
  for (size_t i = 0; i < labels.size(); ++i) {
    for (size_t j = 0; j < labels.size(); ++j) {
      if (labels[i] == 0.0f || labels[j] != 0.0f) continue;
      won += scores[i] > scores[j] ? 1.0 : scores[i] == scores[j] ? 0.5 : 0.0;
      pairs += 1.0;
    }
  }
  CHECK(whole.result() == won / pairs);
  parts[1].merge(parts[0]);
  MetricState state, merged;
  whole.save(state, "auc");
  parts[1].save(merged, "auc");
  CHECK(state == merged);
  ExactAuc restored;
  restored.restore(state, "auc");
  CHECK(restored.result() == whole.result());
  parts[1].merge(parts[1]);
  CHECK(parts[1].result() == whole.result());
  state["auc/positives"][0] = -1;
  CHECK_THROWS_AS(restored.restore(state, "auc"), DataError);
}

}  // namespace weft
