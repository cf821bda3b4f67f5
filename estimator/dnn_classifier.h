// DNNClassifier: feature columns, hidden layers, a classification head (tf.compat.v1.estimator.DNNClassifier).
#pragma once
#include <weft/core/ops/ops.h>
#include <weft/core/parameter.h>
#include <weft/estimator/heads/head.h>
#include <weft/estimator/metrics/metrics.h>
#include <weft/estimator/naming.h>
#include <weft/estimator/prediction_range.h>
#include <weft/estimator/training/run_config.h>
#include <weft/estimator/training/training.h>
#include <weft/layers/feature_column.h>
#include <weft/layers/input_layer.h>
#include <weft/optim/optimizer.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace weft {

struct DNNClassifierOptions {
  /// Units of each hidden layer; none: the logits stand on the input.
  std::vector<int64_t> hidden_units;
  FeatureColumns feature_columns;
  /// Where checkpoints are saved and found again. Empty: nothing is saved, the model lives in this object.
  std::string model_dir = {};
  int64_t n_classes = 2;
  /// Key of the feature with a weight an example; empty: none.
  std::string weight_column = {};
  /// The classes' names where labels are strings.
  std::vector<std::string> label_vocabulary = {};
  Optimizer optimizer = adagrad({.learning_rate = 0.05f});
  Activation activation_fn = relu;
  /// The share of each hidden layer's outputs that is dropped while training, in [0, 1).
  float dropout = 0.0f;
  /// Batch normalisation after each hidden layer (and its dropout).
  bool batch_norm = false;
  Reduction loss_reduction = Reduction::sum;
  RunConfig config = {};
  /// How variables and slots are called in checkpoints. v1 with columns of shared_embeddings is v1_with_v2_columns.
  NamingScheme names = NamingScheme::v1;
  MetricDefinitions metrics = MetricDefinitions::v1;
  /// Probabilities at which evaluate() gives accuracy, precision and recall too.
  std::vector<float> thresholds = {};
};

struct EvaluateOptions {
  /// Batches to evaluate; absent: until the input ends.
  std::optional<int64_t> steps = {};
  /// Becomes Metrics::evaluation, to tell several evaluations apart.
  std::string name = {};
};

/// A classifier: owns its parameters, and is moved, not copied. Every call first brings the model to the newest
/// checkpoint of model_dir, unless it is there already; without one it works on the initial weights.
class DNNClassifier {
 public:
  /// Makes the parameters. Throws ValueError for options and columns, IoError and DataError for vocabularies and
  /// model_dir.
  explicit DNNClassifier(DNNClassifierOptions options);
  DNNClassifier(DNNClassifier&&) noexcept;
  DNNClassifier& operator=(DNNClassifier&&) noexcept;
  ~DNNClassifier();

  /// Goes on training where the newest checkpoint stopped. Returns the steps done. Throws as Trainer::train and
  /// Head::read_targets.
  int64_t train(const InputFn& input_fn, const TrainOptions& options = {});

  /// The metrics of HeadMetrics, `loss` (the plain mean of the batches' losses, as TensorFlow has it: a short last
  /// batch counts fully) and global_step. Throws ValueError for an input without batches.
  Metrics evaluate(const InputFn& input_fn, const EvaluateOptions& options = {});

  /// The predictions one by one, made as they are asked for; labels are not needed. The range must not outlive the
  /// classifier.
  PredictionRange predict(const InputFn& input_fn);
  /// The predictions for one batch that is at hand.
  void predict(const Features& features, Predictions& out);

  /// The logits of a batch on a tape, [batch, 1] or [batch, n_classes].
  Var logits(Tape& tape, const Features& features) const;

  ParameterStore& params();
  const ParameterStore& params() const;
  int64_t global_step() const;
  const std::string& model_dir() const;
  const Head& head() const;
  const InputLayer& input_layer() const;
  /// How checkpoints call the slots.
  const CheckpointNames& checkpoint_names() const;

 private:
  struct Model;
  std::unique_ptr<Model> model_;
};

}  // namespace weft
