// What heads' metrics have counted: added up, saved, restored.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/estimator/heads/head.h>

#include <cmath>

namespace weft {

namespace {

void check_alike(size_t got, size_t expected) {
  if (got == expected) return;
  throw ValueError(fmt::format(
      "[HeadMetrics] can't merge: got {} numbers of another head, expected {}. Evaluate with the same head.", got,
      expected));
}

template <class A, class B, class F>
void each_threshold(A& a, B& b, F&& f) {
  check_alike(b.size(), a.size());
  for (size_t t = 0; t < a.size(); ++t) {
    f(fmt::format("at_threshold_{}/counts", t), a[t].counts, b[t].counts);
    f(fmt::format("at_threshold_{}/accuracy", t), a[t].accuracy, b[t].accuracy);
  }
}

// Merging, saving and restoring walk the same metrics.
const auto kMerge = [](const std::string&, auto& metric, const auto& other) { metric.merge(other); };
auto save_to(MetricState& state, const std::string& name) {
  return [&state, name](const std::string& metric, const auto& a, const auto&) { a.save(state, name + "/" + metric); };
}
auto restore_from(const MetricState& state, const std::string& name) {
  return [&state, name](const std::string& metric, auto& a, auto&) { a.restore(state, name + "/" + metric); };
}

}  // namespace

template <class A, class B, class F>
void ClassHeadMetrics::each(A& a, B& b, F&& f) {
  f("average_loss", a.average_loss_, b.average_loss_);
  f("accuracy", a.accuracy_, b.accuracy_);
  f("label_mean", a.label_mean_, b.label_mean_);
  f("prediction_mean", a.prediction_mean_, b.prediction_mean_);
  f("counts", a.counts_, b.counts_);
  f("histogram", a.histogram_, b.histogram_);
  each_threshold(a.at_thresholds_, b.at_thresholds_, f);
}
void ClassHeadMetrics::merge(const ClassHeadMetrics& other) {
  each(*this, other, kMerge);
}
void ClassHeadMetrics::save(MetricState& state, const std::string& name) const {
  each(*this, *this, save_to(state, name));
}
void ClassHeadMetrics::restore(const MetricState& state, const std::string& name) {
  each(*this, *this, restore_from(state, name));
}

template <class A, class B, class F>
void RegressionHeadMetrics::each(A& a, B& b, F&& f) {
  f("average_loss", a.average_loss_, b.average_loss_);
  f("label_mean", a.label_mean_, b.label_mean_);
  f("prediction_mean", a.prediction_mean_, b.prediction_mean_);
}
void RegressionHeadMetrics::merge(const RegressionHeadMetrics& other) {
  each(*this, other, kMerge);
}
void RegressionHeadMetrics::save(MetricState& state, const std::string& name) const {
  each(*this, *this, save_to(state, name));
}
void RegressionHeadMetrics::restore(const MetricState& state, const std::string& name) {
  each(*this, *this, restore_from(state, name));
}

template <class A, class B, class F>
void MultiLabelHeadMetrics::each(A& a, B& b, F&& f) {
  f("average_loss", a.average_loss_, b.average_loss_);
  f("histogram", a.histogram_, b.histogram_);
  each_threshold(a.at_thresholds_, b.at_thresholds_, f);
  check_alike(b.of_classes_.size(), a.of_classes_.size());
  for (size_t c = 0; c < a.of_classes_.size(); ++c) {
    f(fmt::format("class_{}/probability", c), a.of_classes_[c].probability, b.of_classes_[c].probability);
    f(fmt::format("class_{}/histogram", c), a.of_classes_[c].histogram, b.of_classes_[c].histogram);
  }
}
void MultiLabelHeadMetrics::merge(const MultiLabelHeadMetrics& other) {
  each(*this, other, kMerge);
}
void MultiLabelHeadMetrics::save(MetricState& state, const std::string& name) const {
  each(*this, *this, save_to(state, name));
}
void MultiLabelHeadMetrics::restore(const MetricState& state, const std::string& name) {
  each(*this, *this, restore_from(state, name));
}

void HeadMetrics::merge(const HeadMetrics& other) {
  check_alike(other.kind_.index(), kind_.index());
  HeadMetrics merged = *this;  // what throws half way leaves this one as it was
  std::visit([&](auto& kind) { kind.merge(std::get<std::remove_cvref_t<decltype(kind)>>(other.kind_)); }, merged.kind_);
  *this = std::move(merged);
}
void HeadMetrics::save(MetricState& state, const std::string& name) const {
  std::visit([&](const auto& kind) { kind.save(state, name); }, kind_);
}
void HeadMetrics::restore(const MetricState& state, const std::string& name) {
  HeadMetrics restored = *this;
  std::visit([&](auto& kind) { kind.restore(state, name); }, restored.kind_);
  *this = std::move(restored);
}

namespace {

// 40 examples of a head, in one or in two parts.
[[maybe_unused]] void count_examples(const Head& head, HeadMetrics& whole, HeadMetrics (&parts)[2]) {
  const int64_t width = head.logits_dimension();
  for (int64_t i = 0; i < 40; ++i) {
    Tensor logits(Shape{1, width});
    std::vector<int64_t> label;
    for (int64_t c = 0; c < width; ++c) {
      logits[c] = static_cast<float>(std::sin(static_cast<double>(3 * i + c)));
      label.push_back((i + c) % 2);
    }
    Features features;
    features["w"] = dense_feature(std::vector<float>{static_cast<float>(i % 7) * 0.1f});
    Feature labels = dense_feature(label);
    labels.shape = {1, width};
    Targets targets;
    head.read_targets(labels, features, 1, targets);
    whole.add(logits, targets);
    parts[i % 3 == 0].add(logits, targets);
  }
}

}  // namespace

TEST_CASE("head metrics: parts that are merged or restored are the whole, to the bit") {
  const Head heads[] = {ClassHead({.weight_column = "w", .thresholds = {0.3f}}), RegressionHead({.weight_column = "w"}),
                        MultiLabelHead({.n_classes = 3, .weight_column = "w", .thresholds = {0.3f}})};
  for (const Head& head : heads) {
    HeadMetrics whole(head), parts[2] = {HeadMetrics(head), HeadMetrics(head)};
    count_examples(head, whole, parts);
    parts[0].merge(parts[1]);
    MetricState state, merged;
    whole.save(state, "m");
    parts[0].save(merged, "m");
    CHECK(state == merged);
    HeadMetrics restored(head);
    restored.restore(state, "m");
    for (const auto& [name, value] : whole.result()) {
      CHECK(restored.result()[name] == value);
      CHECK(parts[0].result()[name] == value);
    }
  }
  HeadMetrics other(heads[0]);
  CHECK_THROWS_AS(other.merge(HeadMetrics(heads[1])), ValueError);
  CHECK_THROWS_AS(other.merge(HeadMetrics(ClassHead({.thresholds = {0.3f, 0.4f}}))), ValueError);
  CHECK_THROWS_AS(other.restore({}, "m"), DataError);
}

}  // namespace weft
