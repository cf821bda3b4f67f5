// GroupedScores: collected as they come, sorted when asked.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/core/parallel.h>
#include <weft/estimator/metrics/check_examples.h>
#include <weft/estimator/metrics/exact_auc.h>
#include <weft/estimator/metrics/exact_sum.h>
#include <weft/estimator/metrics/grouped_scores.h>
#include <weft/io/hash.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <tuple>

namespace weft {

namespace {

constexpr int64_t kGrain = 256;  // groups that a thread takes at once

int64_t two_floats(float high, float low) {
  return static_cast<int64_t>(static_cast<uint64_t>(std::bit_cast<uint32_t>(high)) << 32 |
                              std::bit_cast<uint32_t>(low));
}

double weight_of(std::span<const GroupedScore> examples, GroupWeighting weighting) {
  if (weighting == GroupWeighting::equal) return 1.0;
  ExactSum sum;
  for (const GroupedScore& example : examples) {
    if (weighting == GroupWeighting::impressions || example.label > 0.0f) sum.add(example.weight);
  }
  return sum.value();
}

// Where each group begins, and the end.
std::vector<size_t> group_bounds(std::span<const GroupedScore> sorted) {
  std::vector<size_t> bounds;
  for (size_t i = 0; i < sorted.size(); ++i) {
    if (i == 0 || sorted[i].group != sorted[i - 1].group) bounds.push_back(i);
  }
  bounds.push_back(sorted.size());
  return bounds;
}

double auc_of(std::span<const GroupedScore> examples) {
  AucOfFew auc;
  for (const GroupedScore& example : examples) auc.add(example.label, example.score, example.weight);
  return auc.result();
}

}  // namespace

void GroupedScores::add(std::span<const uint64_t> groups, std::span<const float> labels, std::span<const float> scores,
                        std::span<const float> weights) {
  check_examples("GroupedScores", labels, scores, weights);
  if (groups.size() != labels.size()) {
    throw ValueError(fmt::format("[GroupedScores] wrong number of groups: got {}, expected {}. Give one an example.",
                                 groups.size(), labels.size()));
  }
  for (size_t i = 0; i < labels.size(); ++i)
    examples_.push_back({groups[i], scores[i], labels[i], weights.empty() ? 1.0f : weights[i]});
}

std::vector<GroupedScore> GroupedScores::sorted() const {
  std::vector<GroupedScore> examples = examples_;
  const auto key = [](const GroupedScore& e) { return std::tuple(e.group, -e.score, e.label, e.weight); };
  std::ranges::sort(examples, {}, key);
  return examples;
}

void GroupedScores::merge(const GroupedScores& other) {
  const size_t count = other.examples_.size();  // the two may be one
  examples_.reserve(examples_.size() + count);
  for (size_t i = 0; i < count; ++i) examples_.push_back(other.examples_[i]);
}

void GroupedScores::save(MetricState& state, const std::string& name) const {
  std::vector<int64_t>& groups = state[name + "/groups"];
  std::vector<int64_t>& scores = state[name + "/labels_and_scores"];
  std::vector<int64_t>& weights = state[name + "/weights"];
  for (std::vector<int64_t>* array : {&groups, &scores, &weights}) array->clear();
  for (const GroupedScore& example : sorted()) {
    groups.push_back(static_cast<int64_t>(example.group));
    scores.push_back(two_floats(example.label, example.score));
    weights.push_back(two_floats(0.0f, example.weight));
  }
}

void GroupedScores::restore(const MetricState& state, const std::string& name) {
  const std::vector<int64_t>& groups = state_array(state, name + "/groups");
  const std::vector<int64_t>& scores = state_array(state, name + "/labels_and_scores");
  const std::vector<int64_t>& weights = state_array(state, name + "/weights");
  if (scores.size() != groups.size() || weights.size() != groups.size())
    throw DataError(
        fmt::format("[GroupedScores] damaged state '{}': got arrays of different lengths. Save it again.", name));
  const auto low = [](int64_t pair) { return std::bit_cast<float>(static_cast<uint32_t>(pair)); };
  GroupedScores restored;
  for (size_t i = 0; i < groups.size(); ++i)
    restored.examples_.push_back(
        {static_cast<uint64_t>(groups[i]), low(scores[i]), low(scores[i] >> 32), low(weights[i])});
  for (const GroupedScore& example : restored.examples_) {
    if (std::isnan(example.score) || std::isnan(example.label) ||
        !(example.weight >= 0.0f && example.weight < HUGE_VALF))
      throw DataError(
          fmt::format("[GroupedScores] damaged state '{}': got NaN or a weight that can't be. Save it again.", name));
  }
  *this = std::move(restored);
}

void read_groups(const Feature& feature, int64_t batch, std::vector<uint64_t>& out) {
  const bool one_each = !feature.sparse || std::ranges::adjacent_find(feature.offsets, [](int64_t a, int64_t b) {
                                             return b != a + 1;
                                           }) == feature.offsets.end();
  if (is_floating(feature.type) || feature.size() != batch || feature.batch() != batch || !one_each) {
    throw ValueError(
        fmt::format("[read_groups] got a {} feature of {} values for {} examples, expected one integer or string an "
                    "example. Choose a feature that names the group.",
                    to_string(feature.type), feature.size(), batch));
  }
  out.resize(static_cast<size_t>(batch));
  for (size_t i = 0; i < out.size(); ++i) {
    out[i] = is_integer(feature.type) ? static_cast<uint64_t>(feature.integers[i]) : fingerprint64(feature.strings[i]);
  }
}

std::vector<GroupValue> values_by_group(const GroupedScores& scores, GroupWeighting weighting,
                                        const std::function<double(std::span<const GroupedScore>)>& f) {
  const std::vector<GroupedScore> sorted = scores.sorted();
  const std::vector<size_t> bounds = group_bounds(sorted);
  std::vector<GroupValue> values(bounds.size() - 1);
  parallel_for(static_cast<int64_t>(values.size()), kGrain, [&](int64_t begin, int64_t end) {
    for (auto g = static_cast<size_t>(begin); g < static_cast<size_t>(end); ++g) {
      const auto examples = std::span(sorted).subspan(bounds[g], bounds[g + 1] - bounds[g]);
      values[g] = {.group = examples[0].group, .value = f(examples), .weight = weight_of(examples, weighting)};
    }
  });
  std::erase_if(values, [](const GroupValue& value) { return std::isnan(value.value); });
  return values;
}

double mean_of(std::span<const GroupValue> values) {
  ExactSum total, weight;
  for (const GroupValue& value : values) {
    total.add(value.value * value.weight);
    weight.add(value.weight);
  }
  return weight.value() > 0.0 ? total.value() / weight.value() : std::numeric_limits<double>::quiet_NaN();
}

std::vector<GroupValue> group_aucs(const GroupedScores& scores, GroupWeighting weighting) {
  return values_by_group(scores, weighting, auc_of);
}

double grouped_auc(const GroupedScores& scores, GroupWeighting weighting) {
  return mean_of(group_aucs(scores, weighting));
}

namespace {

// Group 7: areas of 3/4 (4 examples, 2 clicks); group 2: 1 (3 examples, 1 click); group 5 has no click.
[[maybe_unused]] GroupedScores three_groups() {
  GroupedScores scores;
  scores.add(std::vector<uint64_t>{7, 2, 7, 7, 5, 2, 7, 2}, std::vector<float>{0, 1, 0, 1, 0, 0, 1, 0},
             std::vector<float>{0.1f, 0.9f, 0.4f, 0.35f, 0.5f, 0.2f, 0.8f, 0.3f});
  return scores;
}

}  // namespace

TEST_CASE("grouped auc: weighted by impressions, clicks or not at all; groups of one class are left out") {
  const GroupedScores scores = three_groups();
  CHECK(grouped_auc(scores) == doctest::Approx((4 * 0.75 + 3 * 1.0) / 7));
  CHECK(grouped_auc(scores, GroupWeighting::clicks) == doctest::Approx((2 * 0.75 + 1.0) / 3));
  CHECK(grouped_auc(scores, GroupWeighting::equal) == doctest::Approx(0.875));
  CHECK(group_aucs(scores).size() == 2);
  CHECK(group_aucs(scores)[0].group == 2);
  CHECK(std::isnan(grouped_auc(GroupedScores())));
}

TEST_CASE("grouped scores: parts, in any order and with any number of threads, are the whole to the bit") {
  GroupedScores whole, parts[2];
  for (int i = 4000; i-- > 0;) {
    const std::vector<uint64_t> group = {static_cast<uint64_t>(i * 7 % 601)};
    const std::vector<float> label = {static_cast<float>(i % 3 == 0)},
                             score = {static_cast<float>(i * 13 % 29) / 10.0f};
    const std::vector<float> weight = {static_cast<float>(i % 5) * 0.1f};
    whole.add(group, label, score, weight);
    parts[i % 4 == 0].add(group, label, score, weight);
  }
  parts[0].merge(parts[1]);
  MetricState state, merged;
  whole.save(state, "g");
  parts[0].save(merged, "g");
  CHECK(state == merged);
  const double expected = grouped_auc(whole);
  for (int threads : {1, 2, 4}) {
    const ThreadLimit limit(threads);
    CHECK(grouped_auc(parts[0]) == expected);
  }
  GroupedScores restored;
  restored.restore(state, "g");
  CHECK(grouped_auc(restored) == expected);
  state["g/weights"][3] = -1;
  CHECK_THROWS_AS(restored.restore(state, "g"), DataError);
  state["g/weights"].pop_back();
  CHECK_THROWS_AS(restored.restore(state, "g"), DataError);
}

TEST_CASE("read groups: one integer or string an example") {
  std::vector<uint64_t> groups;
  read_groups(dense_feature(std::vector<int64_t>{3, -1}), 2, groups);
  CHECK(groups == std::vector<uint64_t>{3, UINT64_MAX});
  read_groups(sparse_feature(std::vector<std::vector<std::string_view>>{{"ann"}, {"bob"}}), 2, groups);
  CHECK(groups == std::vector<uint64_t>{fingerprint64("ann"), fingerprint64("bob")});
  for (const Feature& bad : {dense_feature(std::vector<float>{1, 2}), dense_feature(std::vector<int64_t>{1}),
                             sparse_feature(std::vector<std::vector<int64_t>>{{1, 2}, {}})})
    CHECK_THROWS_AS(read_groups(bad, 2, groups), ValueError);
}

}  // namespace weft
