// MultiLabelHead: any number of classes an example: the loss, the predictions and the metrics.
#pragma once
#include <weft/core/ops/ops.h>
#include <weft/core/tape.h>
#include <weft/estimator/heads/predictions.h>
#include <weft/estimator/heads/targets.h>
#include <weft/estimator/metrics/auc.h>
#include <weft/estimator/metrics/counts.h>
#include <weft/estimator/metrics/metrics.h>
#include <weft/io/vocabulary.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft {

struct MultiLabelHeadOptions {
  /// At least 2; as many logits, a sigmoid each.
  int64_t n_classes = 0;
  /// Key of the feature with a weight an example; empty: every weight is 1.
  std::string weight_column = {};
  /// Evaluation adds accuracy, precision and recall at these probabilities.
  std::vector<float> thresholds = {};
  /// The classes' names where labels are strings, n_classes of them; empty: labels are numbers.
  std::vector<std::string> label_vocabulary = {};
  Reduction loss_reduction = Reduction::sum_over_batch_size;
  /// Classes that evaluation gives probability_mean, auc and auc_precision_recall of: ids, or ...
  std::vector<int64_t> classes_for_class_based_metrics = {};
  /// ... names of the label_vocabulary.
  std::vector<std::string> class_names_for_class_based_metrics = {};
  MetricDefinitions metrics = MetricDefinitions::keras;
};

/// A value: tf.estimator.MultiLabelHead (v1's multi_label_head with MetricDefinitions::v1 and Reduction::sum).
class MultiLabelHead {
 public:
  /// Throws ValueError: n_classes below 2, a threshold outside (0, 1), a vocabulary of another size, a class that isn't
  /// there.
  explicit MultiLabelHead(MultiLabelHeadOptions options);
  const MultiLabelHeadOptions& options() const { return options_; }
  int64_t logits_dimension() const { return options_.n_classes; }

  /// Labels are dense [batch, n_classes] of 0 and 1, or sparse: the class ids of each example, or with a vocabulary
  /// their names. Throws ValueError for other types and shapes, DataError for what is no class.
  void read_targets(const Feature& labels, const Features& features, int64_t batch, Targets& out) const;
  /// Over the rows: each row's loss is the mean over the classes.
  Var loss(Var logits, const Targets& targets) const;
  /// Fills logits, probabilities and classes.
  void predict(const Tensor& logits, Predictions& out) const;
  /// The classes that have metrics of their own.
  const std::vector<int64_t>& metric_classes() const { return metric_classes_; }
  /// "class<id>", or the name of the vocabulary: the end of their metrics' names.
  std::string metric_name(int64_t class_id) const;

 private:
  void read_sparse(const Feature& labels, int64_t batch, Targets& out) const;
  void read_indicators(const Feature& labels, int64_t batch, Targets& out) const;
  int64_t class_of(const Feature& labels, int64_t value) const;

  MultiLabelHeadOptions options_;
  std::optional<Vocabulary> vocabulary_;
  std::vector<std::string> class_names_;
  std::vector<int64_t> metric_classes_;
};

/// Adds up batches: auc and auc_precision_recall over all classes at once, average_loss, those at the thresholds, and
/// those of single classes.
class MultiLabelHeadMetrics {
 public:
  /// `head` must outlive it.
  explicit MultiLabelHeadMetrics(const MultiLabelHead& head);
  /// Adds a batch and returns its loss, reduced as in training. Throws as ScoreHistogram::add (NaN logits).
  double add(const Tensor& logits, const Targets& targets);
  Metrics result() const;

  /// As every metric's (metric_state.h); throw also for those of a head with other options.
  void merge(const MultiLabelHeadMetrics& other);
  void save(MetricState& state, const std::string& name) const;
  void restore(const MetricState& state, const std::string& name);

 private:
  template <class A, class B, class F>
  static void each(A& a, B& b, F&& f);
  struct AtThreshold {
    Confusion counts;
    StreamingMean accuracy;
  };
  struct OfClass {
    StreamingMean probability;
    ScoreHistogram histogram;
  };
  void add_losses(const Tensor& logits, const Targets& targets);
  void spread_weights(const Targets& targets);
  void add_at_thresholds(const Targets& targets);
  void add_classes(const Targets& targets);

  const MultiLabelHead* head_;
  Predictions predictions_;
  std::vector<float> losses_;                         // one a row
  std::vector<float> weights_;                        // one a number, or none
  std::vector<float> column_labels_, column_scores_;  // of one class
  StreamingMean average_loss_;
  ScoreHistogram histogram_;
  std::vector<AtThreshold> at_thresholds_;
  std::vector<OfClass> of_classes_;
};

}  // namespace weft
