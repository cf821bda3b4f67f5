// ClassHead: one class an example: the loss and the predictions of a classifier.
#pragma once
#include <weft/core/ops/ops.h>
#include <weft/core/tape.h>
#include <weft/estimator/heads/predictions.h>
#include <weft/estimator/heads/targets.h>
#include <weft/estimator/metrics/metrics.h>
#include <weft/io/vocabulary.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft {

struct ClassHeadOptions {
  /// 2: one logit and a sigmoid. More: as many logits and a softmax.
  int64_t n_classes = 2;
  /// Key of the feature with a weight an example; empty: every weight is 1.
  std::string weight_column = {};
  /// The classes' names where labels are strings; empty: labels are numbers.
  std::vector<std::string> label_vocabulary = {};
  Reduction loss_reduction = Reduction::sum;
  /// Evaluation adds accuracy, precision and recall at these probabilities; binary heads only.
  std::vector<float> thresholds = {};
  MetricDefinitions metrics = MetricDefinitions::v1;
};

/// A value: tf.estimator.BinaryClassHead for two classes, MultiClassHead for more, and v1's.
class ClassHead {
 public:
  /// Throws ValueError: n_classes below 2, a threshold outside (0, 1), with Keras' metrics a multi-class vocabulary of
  /// another size than n_classes.
  explicit ClassHead(ClassHeadOptions options = {});
  const ClassHeadOptions& options() const { return options_; }
  bool binary() const { return options_.n_classes == 2; }
  /// 1 for two classes, else n_classes.
  int64_t logits_dimension() const { return binary() ? 1 : options_.n_classes; }

  /// Reads labels and weights of `batch` examples. Throws ValueError for their types and shapes, DataError for labels
  /// that are no class, both with TensorFlow's words. `out` points into the features.
  void read_targets(const Feature& labels, const Features& features, int64_t batch, Targets& out) const;
  /// The reduced loss, a scalar, to run backward from. The targets must outlive the backward pass.
  Var loss(Var logits, const Targets& targets) const;
  /// The losses of the examples, [batch], unweighted; what evaluation averages.
  void example_losses(const Tensor& logits, const Targets& targets, std::vector<float>& out) const;
  /// Predicts from logits [batch, logits_dimension()]. Throws ValueError for another shape.
  void predict(const Tensor& logits, Predictions& out) const;

 private:
  void read_string_labels(const Feature& labels, Targets& out) const;
  void read_numeric_labels(const Feature& labels, Targets& out) const;
  void check_range(const Feature& labels, const Targets& targets) const;

  ClassHeadOptions options_;
  std::optional<Vocabulary> vocabulary_;
  std::vector<std::string> class_names_;
  std::vector<std::string_view> all_classes_;
  std::vector<int64_t> all_class_ids_;
};

}  // namespace weft
