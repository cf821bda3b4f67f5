// Estimator: trains, evaluates and predicts with any model, with checkpoints (tf.estimator.Estimator).
#pragma once
#include <weft/core/parameter.h>
#include <weft/estimator/estimator_spec.h>
#include <weft/estimator/extra_metrics.h>
#include <weft/estimator/metrics/metrics.h>
#include <weft/estimator/prediction_range.h>
#include <weft/estimator/training/run_config.h>
#include <weft/estimator/training/training.h>
#include <weft/estimator/warm_start.h>
#include <weft/io/checkpoint.h>
#include <weft/io/formats/import_parameters.h>
#include <weft/optim/optimizer.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace weft {

struct EstimatorOptions {
  /// Makes the model: see EstimatorSpec, create_estimator_spec.
  EstimatorModelFn model_fn;
  Optimizer optimizer = adagrad();
  /// Where checkpoints are saved and found again. Empty: nothing is saved, the model lives in this object.
  std::string model_dir = {};
  RunConfig config = {};
  /// A checkpoint of another model to start from, where model_dir has none.
  WarmStartSettings warm_start_from = {};
  /// How checkpoints call the slots.
  CheckpointNames names = {};
};

struct EvaluateOptions {
  /// Batches to evaluate; absent: until the input ends.
  std::optional<int64_t> steps = {};
  /// Becomes Metrics::evaluation, to tell several evaluations apart.
  std::string name = {};
  /// Metrics beside the model's own, as binary_metrics({.group = "user_id"}) (tf.estimator.add_metrics). They replace
  /// those of the same name.
  std::vector<ExtraMetricsFn> add_metrics = {};
};

/// A model with its parameters: moved, not copied. Every call first brings the model to the newest checkpoint of
/// model_dir, unless it is there already; without one it works on the initial weights. The canned estimators are this
/// with a model_fn of their own.
class Estimator {
 public:
  /// Makes the parameters. Throws ValueError for options, what model_fn throws, IoError and DataError for model_dir.
  explicit Estimator(EstimatorOptions options);
  Estimator(Estimator&&) noexcept;
  Estimator& operator=(Estimator&&) noexcept;
  ~Estimator();

  /// Goes on training where the newest checkpoint stopped. Returns the steps done. Throws as Trainer::train and
  /// Head::read_targets.
  int64_t train(const InputFn& input_fn, const TrainOptions& options = {});

  /// The model's metrics, also written to an event file in model_dir/eval (eval_<name>); `loss` (the plain mean of the
  /// batches' losses, as TensorFlow has it: a short last batch counts fully) and global_step. Throws ValueError for an
  /// input without batches.
  Metrics evaluate(const InputFn& input_fn, const EvaluateOptions& options = {});

  /// The predictions one by one, made as they are asked for; labels are not needed. The range must not outlive the
  /// estimator.
  PredictionRange predict(const InputFn& input_fn);
  /// The predictions for one batch that is at hand.
  void predict(const Features& features, Predictions& out);

  /// Takes the parameters, slots and step from a checkpoint of any program (open_tensors, import_parameters); the model
  /// then predicts and goes on training from there. `options.names` are the model's own whatever is given. Throws
  /// ValueError where model_dir has a checkpoint, since that would take their place again; as import_parameters.
  NameReport import_checkpoint(const std::string& path, ImportOptions options = {});
  /// Writes the model as a checkpoint of TensorFlow's under `prefix` ("dir/model.ckpt-120") and the directory's state
  /// file, so that a tf.estimator of the same columns finds it in its model_dir, or warm-starts from it. Throws
  /// IoError.
  void export_checkpoint(const std::string& prefix);

  /// What the model dropped of its input, a line a column of ids, since the last call of train(), evaluate() or
  /// predict(input_fn) began; empty if the model does not count.
  std::vector<ColumnCounts> input_counts() const;

  ParameterStore& params();
  const ParameterStore& params() const;
  int64_t global_step() const;
  const std::string& model_dir() const;
  const RunConfig& config() const;
  /// The newest checkpoint of model_dir. Throws DataError where the directory can't be understood.
  std::optional<std::string> latest_checkpoint() const;
  const CheckpointNames& checkpoint_names() const;
  /// The signal that ended the last call of train(), SIGINT or SIGTERM; 0: none.
  int stopped_by_signal() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace weft
