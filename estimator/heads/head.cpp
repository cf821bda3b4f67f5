// Head: hands on to the kind.
#include <doctest/doctest.h>
#include <weft/estimator/heads/head.h>

namespace weft {

int64_t Head::logits_dimension() const {
  return std::visit([](const auto& head) { return head.logits_dimension(); }, kind_);
}

void Head::read_targets(const Feature& labels, const Features& features, int64_t batch, Targets& out) const {
  std::visit([&](const auto& head) { head.read_targets(labels, features, batch, out); }, kind_);
}

Var Head::loss(Var logits, const Targets& targets) const {
  return std::visit([&](const auto& head) { return head.loss(logits, targets); }, kind_);
}

void Head::predict(const Tensor& logits, Predictions& out) const {
  std::visit([&](const auto& head) { head.predict(logits, out); }, kind_);
}

namespace {

ClassHeadMetrics metrics_of(const ClassHead& head) {
  return ClassHeadMetrics(head);
}
RegressionHeadMetrics metrics_of(const RegressionHead& head) {
  return RegressionHeadMetrics(head);
}
MultiLabelHeadMetrics metrics_of(const MultiLabelHead& head) {
  return MultiLabelHeadMetrics(head);
}

}  // namespace

HeadMetrics::HeadMetrics(const Head& head)
    : kind_(std::visit([](const auto& kind) -> decltype(kind_) { return metrics_of(kind); }, head.kind())) {}

double HeadMetrics::add(const Tensor& logits, const Targets& targets) {
  return std::visit([&](auto& kind) { return kind.add(logits, targets); }, kind_);
}

Metrics HeadMetrics::result() const {
  return std::visit([](const auto& kind) { return kind.result(); }, kind_);
}

TEST_CASE("head: each kind has its logits, its loss and its metrics") {
  const Head heads[] = {ClassHead(), RegressionHead({.label_dimension = 1}), MultiLabelHead({.n_classes = 2})};
  CHECK(heads[0].get_if<ClassHead>() != nullptr);
  CHECK(heads[0].get_if<RegressionHead>() == nullptr);
  CHECK(heads[2].logits_dimension() == 2);
  const Tensor logits(Shape{2, 1}, {2, 2});
  const Feature labels = dense_feature(std::vector<int64_t>{1, 1});
  Targets targets;
  for (const Head* head : {&heads[0], &heads[1]}) {
    head->read_targets(labels, Features(), 2, targets);
    Tape tape;
    HeadMetrics metrics(*head);
    CHECK(metrics.add(logits, targets) == doctest::Approx(head->loss(tape.leaf(logits), targets).item()));
    CHECK(metrics.result()["label/mean"] == 1.0);
    CHECK(metrics.result().contains("auc") == (head == &heads[0]));
  }
  Predictions predictions;
  heads[1].predict(logits, predictions);
  CHECK(predictions.predictions[1] == 2.0f);
}

}  // namespace weft
