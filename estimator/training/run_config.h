// RunConfig: how an estimator runs: seed, checkpoints, threads.
#pragma once
#include <weft/core/matmul_precision.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace weft {

/// tf.estimator.RunConfig, as far as it has a meaning here.
struct RunConfig {
  /// Seeds the initial weights.
  uint64_t tf_random_seed = 1;
  /// Saves every so many steps; or every so many seconds. By default every 600 seconds. The end is always saved.
  /// A checkpoint holds the position in the input too: see Trainer::train for when it is used.
  std::optional<int64_t> save_checkpoints_steps = {};
  std::optional<double> save_checkpoints_secs = {};
  /// Checkpoints kept in model_dir, the newest; 0 keeps all.
  int keep_checkpoint_max = 5;
  /// CheckpointWriterOptions::compression: 0 none, 1 to 9.
  int checkpoint_compression = 0;
  /// Writes the loss and the speed to an event file in model_dir every so many steps, for TensorBoard; absent: never.
  std::optional<int64_t> save_summary_steps = 100;
  /// Logs the loss, and calls TrainOptions::progress, every so many steps; absent: never.
  std::optional<int64_t> log_step_count_steps = 100;
  /// Gets a line for what TensorFlow logs: what is restored, saved, reached. The library itself never prints.
  std::function<void(const std::string& line)> log = {};
  /// While train() runs, SIGINT and SIGTERM end it after the step at hand, as if its steps were done: the end is saved,
  /// train() returns, and Estimator::stopped_by_signal() tells. A second signal ends the process as usual. Only signals
  /// that nobody handles or ignores are taken, and they are given back when train() returns.
  bool stop_on_signals = true;
  /// Threads to train with; 0: num_threads(). Small steps compute on one of them and read on the others; large steps
  /// compute on all, of which one reads between loops. Results do not depend on it.
  int threads = 0;
  /// Precision of the hidden layers' products, in training, evaluation and prediction. A checkpoint is float32 whatever
  /// it is, and may be gone on with in the other.
  MatmulPrecision matmul_precision = MatmulPrecision::float32;
};

/// Throws ValueError: both kinds of saving at once, or a number below its least.
void check_run_config(const RunConfig& config);

}  // namespace weft
