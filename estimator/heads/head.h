// Head: what stands on a model's logits: how labels are read, the loss, the predictions and the metrics.
#pragma once
#include <weft/estimator/heads/class_head.h>
#include <weft/estimator/heads/class_head_metrics.h>
#include <weft/estimator/heads/multi_label_head.h>
#include <weft/estimator/heads/regression_head.h>

#include <concepts>
#include <cstdint>
#include <utility>
#include <variant>

namespace weft {

/// A value: a head of any kind, with what they have in common.
class Head {
 public:
  using Kind = std::variant<ClassHead, RegressionHead, MultiLabelHead>;
  template <class T>
  requires(std::constructible_from<Kind, T> && !std::same_as<std::remove_cvref_t<T>, Head>)
      Head(T&& kind)  // NOLINT: a head of any kind is a head
      : kind_(std::forward<T>(kind)) {}

  const Kind& kind() const { return kind_; }
  template <class T>
  const T* get_if() const {
    return std::get_if<T>(&kind_);
  }
  /// The width of the logits.
  int64_t logits_dimension() const;
  /// Reads labels and weights of `batch` examples. Throws ValueError for their types and shapes, DataError for labels
  /// that can't be, with TensorFlow's words. `out` points into the features.
  void read_targets(const Feature& labels, const Features& features, int64_t batch, Targets& out) const;
  /// The reduced loss, a scalar, to run backward from. The targets must outlive the backward pass.
  Var loss(Var logits, const Targets& targets) const;
  /// Predicts from logits [batch, logits_dimension()]. Throws ValueError for another shape.
  void predict(const Tensor& logits, Predictions& out) const;

 private:
  Kind kind_;
};

/// The metrics of an evaluation: those of the head's kind.
class HeadMetrics {
 public:
  /// `head` must outlive it.
  explicit HeadMetrics(const Head& head);
  /// Adds a batch and returns its loss, reduced as in training. Throws as Head::predict, and for NaN logits of a
  /// classifier.
  double add(const Tensor& logits, const Targets& targets);
  Metrics result() const;

  /// As every metric's (metric_state.h): merge throws ValueError for those of another kind of head.
  void merge(const HeadMetrics& other);
  void save(MetricState& state, const std::string& name) const;
  void restore(const MetricState& state, const std::string& name);

 private:
  std::variant<ClassHeadMetrics, RegressionHeadMetrics, MultiLabelHeadMetrics> kind_;
};

}  // namespace weft
