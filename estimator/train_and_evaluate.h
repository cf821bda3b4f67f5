// train_and_evaluate: training with an evaluation at checkpoints, early stopping and copies of the best checkpoints.
#pragma once
#include <weft/estimator/best_exporter.h>
#include <weft/estimator/early_stopping.h>
#include <weft/estimator/estimator.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace weft {

/// tf.estimator.TrainSpec.
struct TrainSpec {
  InputFn input_fn;
  /// The global step to train to; absent: to the end of the input.
  std::optional<int64_t> max_steps = {};
  std::vector<TrainHook> hooks = {};
  /// The end is reached when one of them says so.
  std::vector<StopCondition> early_stopping = {};
  /// As TrainOptions'.
  std::function<void(const TrainProgress&)> progress = {};
};

/// tf.estimator.EvalSpec.
struct EvalSpec {
  InputFn input_fn;
  /// Batches an evaluation; absent: to the end of the input.
  std::optional<int64_t> steps = 100;
  /// Told in Metrics::evaluation, and in the event files' folder.
  std::string name = {};
  /// Copies of the best checkpoints; only with a model_dir.
  std::vector<BestExporter> exporters = {};
  /// No evaluation starts earlier than so many seconds after the one before, but for the last.
  double throttle_secs = 600.0;
  /// Called after each evaluation.
  std::function<void(const Metrics&)> after_evaluation = {};
};

struct TrainAndEvaluateResult {
  int64_t steps = 0;           ///< done by this call
  bool stopped_early = false;  ///< by a StopCondition
  Metrics metrics;             ///< of the last evaluation
};

/// Trains, and evaluates every checkpoint that is saved on the way (throttle_secs permitting) and the last one, without
/// ever leaving the training: evaluating changes no bit of it. The evaluations that early stopping sees are those of
/// the model's whole life, read from the event files of model_dir; a model that was stopped early is not trained
/// further by the next call. Returns also when a signal ended the training, without another evaluation then. Throws
/// ValueError for specs that can't be, and as train() and evaluate().
TrainAndEvaluateResult train_and_evaluate(Estimator& estimator, const TrainSpec& train_spec, const EvalSpec& eval_spec);

}  // namespace weft
