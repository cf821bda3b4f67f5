// RunConfig: how an estimator runs: seed, checkpoints, threads.
#pragma once
#include <cstdint>
#include <optional>

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
  /// Threads to train with; 0: num_threads(). Small steps compute on one of them and read on the others; large steps
  /// compute on all, beside one more that reads. Results do not depend on it.
  int threads = 0;
};

/// Throws ValueError: both kinds of saving at once, or a number below its least.
void check_run_config(const RunConfig& config);

}  // namespace weft
