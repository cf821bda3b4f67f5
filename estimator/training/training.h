// Trainer: the training loop, with checkpoints in a model directory; for models of one's own as for the canned ones.
#pragma once
#include <weft/core/parameter.h>
#include <weft/core/tape.h>
#include <weft/estimator/training/run_config.h>
#include <weft/estimator/training/train_hook.h>
#include <weft/estimator/warm_start.h>
#include <weft/io/checkpoint.h>
#include <weft/io/dataset.h>
#include <weft/layers/row_origin.h>
#include <weft/optim/optimizer.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace weft {

/// Makes a data set, anew each time it is called.
using InputFn = std::function<Dataset()>;
/// Computes the loss of a batch, a scalar, on a tape. What it points the tape to must live until its next call.
using ModelFn = std::function<Var(Tape& tape, const Batch& batch)>;

/// Where a training run is.
struct TrainProgress {
  int64_t step = 0;                  ///< the global step: steps since the model was made
  std::optional<int64_t> last_step;  ///< the global step at which this call ends; absent: at the end of the input
  double loss = 0.0;                 ///< of the last batch
  int64_t examples = 0;              ///< seen by this call
  double seconds = 0.0;              ///< since this call began
  double examples_per_second = 0.0;  ///< since the last report
};

/// How far one call trains. Where it starts to read is Trainer::train's matter, not an option's: it goes on at the
/// saved position of the same data set.
struct TrainOptions {
  /// Steps of this call, however many were done before; absent: until the input ends.
  std::optional<int64_t> steps = {};
  /// Trains until the global step is this; does nothing if it is there already. Not beside `steps`.
  std::optional<int64_t> max_steps = {};
  /// Called every progress_steps steps (absent: RunConfig::log_step_count_steps) and after the last one.
  std::function<void(const TrainProgress&)> progress = {};
  std::optional<int64_t> progress_steps = {};
  /// Asked after every step; true ends the call as if its steps were done. It may be set by a signal handler's flag.
  std::function<bool()> should_stop = {};
  /// Called in their order.
  std::vector<TrainHook> hooks = {};
};

struct TrainerOptions {
  Optimizer optimizer = adagrad();
  /// Where checkpoints are saved and found again; empty: nothing is saved, the state lives in the parameters.
  std::string model_dir = {};
  RunConfig config = {};
  CheckpointNames names = {};
  /// Where the parameters come from as long as there is no checkpoint.
  WarmStartSettings warm_start_from = {};
  /// Runs on every batch, on the threads that read ahead: as an input layer's prepare.
  std::function<void(Batch&)> prepare = {};
  /// Which value of an example reads a row (InputLayer::origin): for the error when a number is not finite.
  RowOriginFn row_origin = {};
};

class TrainRun;

/// Trains the parameters of a store. A checkpoint holds parameters, slots, scalars, the global step and the position in
/// the input, so that a run which is stopped and resumed, by this process or another, gives the same bits as one that
/// is not. A checkpoint is saved when training starts in an empty directory, once the input has given a batch (which
/// shows early that it can be written); as the configuration says, once the next step's loss is a number; and at the
/// end. A parameter or slot with a number that is not finite is never saved.
class Trainer {
 public:
  /// `params` must outlive it. Makes the model directory. Throws ValueError for the configuration, IoError.
  Trainer(ParameterStore& params, TrainerOptions options);

  /// Brings the parameters to the newest checkpoint of the directory unless they are there already; without one it
  /// warm-starts them, once. All parameters must have been made. Throws DataError for a checkpoint of other shapes, and
  /// then nothing has changed.
  void restore();

  /// Restores, then trains. The input goes on where the last call, or the checkpoint, left it if it is the same data
  /// set (one that can seek, with the same DatasetPosition::fingerprint). It starts at its beginning if it is another
  /// one or can't seek (a generator), and if the last call read it to its end. Returns the steps done. Throws
  /// ValueError for options, empty functions, an input without batches, a batch without examples that gives no finite
  /// loss, DataError from the input, Error "NaN loss during training." for a loss, gradient, parameter or slot that is
  /// infinite or NaN, with what find_blame says; then the last checkpoint is untouched and the next call goes on from
  /// it.
  int64_t train(const InputFn& input_fn, const ModelFn& model_fn, const TrainOptions& options = {});

  const TrainerOptions& options() const { return options_; }
  /// The newest checkpoint of the directory.
  std::optional<std::string> latest_checkpoint() const;
  /// The signal that ended the last call of train(), or 0.
  int stopped_by_signal() const { return stopped_by_signal_; }

 private:
  Dataset open(const InputFn& input_fn) const;
  const Batch* first_batch(const InputFn& input_fn, Dataset& input) const;
  void start_warm();
  void run_steps(TrainRun& run, const InputFn& input_fn, const ModelFn& model_fn);
  std::string blame(const ModelFn& model_fn, const Batch& batch) const;
  bool step(TrainRun& run, const ModelFn& model_fn, const Batch& batch, double flops);
  int threads() const;
  void save(TrainRun& run);

  ParameterStore* params_;
  TrainerOptions options_;
  std::optional<ModelDirectory> directory_;
  /// The checkpoint that the parameters equal, if any.
  std::optional<std::string> current_;
  std::optional<DatasetPosition> position_;  ///< after the last step
  DatasetPosition next_position_;            ///< after the batch at hand
  bool warm_started_ = false;
  int stopped_by_signal_ = 0;
};

}  // namespace weft
