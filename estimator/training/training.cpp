// Trainer: the training loop.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/core/parallel.h>
#include <weft/estimator/training/blame.h>
#include <weft/estimator/training/finite.h>
#include <weft/estimator/training/thread_plan.h>
#include <weft/estimator/training/train_run.h>
#include <weft/estimator/training/training.h>

#include <bit>
#include <cmath>

namespace weft {

namespace {

// The array of a checkpoint with the input's position: fingerprint, epoch, examples.
constexpr const char* kPosition = "input_position";

void check_functions(const InputFn& input_fn, const ModelFn& model_fn) {
  if (!input_fn) throw ValueError("[train] input_fn must be callable: got an empty function. Give it a body.");
  if (!model_fn) throw ValueError("[train] model_fn must be callable: got an empty function. Give it a body.");
}

[[noreturn]] void throw_nan(const std::string& got, const std::optional<ModelDirectory>& directory) {
  const auto latest = directory ? directory->latest() : std::nullopt;
  throw Error(
      fmt::format("[train] NaN loss during training.: got {}, expected a number. {} Lower the learning rate, or look "
                  "for bad numbers in the input.",
                  got, latest ? fmt::format("The checkpoint {} is as it was.", *latest) : "Nothing was saved."));
}

std::string to_text(const NotFinite& found, int64_t step) {
  return fmt::format("{} in {}'{}'{} after step {}", found.number,
                     found.slot.empty() ? "" : fmt::format("slot '{}' of ", found.slot), found.parameter->name(),
                     found.parameter->table() ? fmt::format(" row {}", found.row) : "", step);
}

}  // namespace

Trainer::Trainer(ParameterStore& params, TrainerOptions options) : params_(&params), options_(std::move(options)) {
  check_run_config(options_.config);
  if (!options_.model_dir.empty()) directory_.emplace(options_.model_dir);
}

void Trainer::restore() {
  options_.optimizer.prepare(*params_);
  const std::optional<std::string> latest = latest_checkpoint();
  if (!latest) return start_warm();
  if (latest == current_) return;
  current_.reset();
  if (options_.config.log) options_.config.log("Restoring parameters from " + *latest);
  const auto extra = restore_checkpoint(*latest, *params_, options_.names);
  position_.reset();
  if (const auto found = extra.find(kPosition); found != extra.end() && found->second.size() == 3) {
    const auto& numbers = found->second;
    position_ = {.fingerprint = std::bit_cast<uint64_t>(numbers[0]), .epoch = numbers[1], .examples = numbers[2]};
  }
  current_ = latest;
}

std::optional<std::string> Trainer::latest_checkpoint() const {
  return directory_ ? directory_->latest() : std::nullopt;
}

void Trainer::start_warm() {
  if (warm_started_ || options_.warm_start_from.ckpt_to_initialize_from.empty()) return;
  const auto arrays = warm_start(options_.warm_start_from, *params_, options_.names);
  warm_started_ = true;
  if (!options_.config.log) return;
  options_.config.log(
      fmt::format("Warm-started {} arrays from {}", arrays.size(), options_.warm_start_from.ckpt_to_initialize_from));
}

// Nothing is written where the parameters are a checkpoint already.
void Trainer::save(TrainRun& run) {
  if (!directory_ || current_) return;
  run.before_save();
  const ThreadLimit limit(threads());
  // A loss tells of the step before it only: what the last step made of the parameters is looked at here.
  if (const auto found = find_not_finite(*params_)) throw_nan(to_text(*found, params_->global_step), directory_);
  std::map<std::string, std::vector<int64_t>> extra;
  if (position_)
    extra[kPosition] = {std::bit_cast<int64_t>(position_->fingerprint), position_->epoch, position_->examples};
  const std::string path = directory_->checkpoint_path(params_->global_step);
  save_checkpoint(path, *params_, options_.names, extra, {.compression = options_.config.checkpoint_compression});
  directory_->record(params_->global_step, options_.config.keep_checkpoint_max);
  current_ = path;
  run.after_save(path);
}

int Trainer::threads() const {
  return options_.config.threads > 0 ? options_.config.threads : num_threads();
}

Dataset Trainer::open(const InputFn& input_fn) const {
  Dataset input = input_fn();
  if (options_.prepare) input.map(options_.prepare);
  const ThreadPlan plan = plan_threads(threads(), flops_per_example(*params_));
  input.prefetch(plan.readers, plan.batches_ahead);
  return input;
}

// The batch to go on with. A position at the very end of the input has none: then the input starts again.
const Batch* Trainer::first_batch(const InputFn& input_fn, Dataset& input) const {
  const bool resumed = position_ && input.seek(*position_);
  const Batch* batch = input.next();
  if (!batch && resumed) {
    input = open(input_fn);
    batch = input.next();
  }
  if (batch) return batch;
  throw ValueError(
      "[train] the input has no batches: got an empty data set, expected examples. Check what input_fn returns.");
}

// A careful second look at the batch of a step that went wrong: the end of the message.
std::string Trainer::blame(const ModelFn& model_fn, const Batch& batch) const {
  try {
    const auto found = find_blame(*params_, model_fn, batch, {.origin = options_.row_origin});
    if (!found) return {};
    std::string text = ": " + to_string(*found);
    const int64_t first = next_position_.examples - batch.size;
    if (found->example && next_position_.fingerprint != 0 && first >= 0)
      text += fmt::format(" (number {} as read in epoch {})", first + *found->example, next_position_.epoch);
    return text;
  } catch (const Error& error) {
    return fmt::format(": a second look failed, too: {}", error.what());
  }
}

// One step; false if the call is to end without it. A loss that is no number stops before it reaches the parameters,
// and before what gave it is saved: a checkpoint that is due waits for the next step's loss, since numbers can be
// finite and yet too large to go on from.
bool Trainer::step(TrainRun& run, const ModelFn& model_fn, const Batch& batch, double flops) {
  const ThreadLimit limit(plan_threads(threads(), flops, batch.size).compute);
  Tape tape;
  const Var loss = model_fn(tape, batch);
  const float value = loss.item();
  const int64_t number = params_->global_step + 1;
  if (!std::isfinite(value) && batch.size == 0) {
    throw ValueError(fmt::format(
        "[train] the batch of step {} is empty: got no examples and a loss of {}, expected at least one example. Leave "
        "empty batches out of the input.",
        number, value));
  }
  if (!std::isfinite(value))
    throw_nan(fmt::format("{} at step {}{}", value, number, blame(model_fn, batch)), directory_);
  if (run.save_due()) save(run);
  if (run.stop_requested()) return false;
  current_.reset();  // from here on the parameters are no checkpoint's
  tape.backward(loss);
  if (!gradients_are_finite(*params_))
    throw_nan(fmt::format("a gradient that is not finite at step {}{}", number, blame(model_fn, batch)), directory_);
  options_.optimizer.step(*params_);
  position_ = next_position_;
  run.after_step(value, batch.size);
  return true;
}

void Trainer::run_steps(TrainRun& run, const InputFn& input_fn, const ModelFn& model_fn) {
  Dataset input = open(input_fn);
  const Batch* batch = first_batch(input_fn, input);
  run.begin();
  if (directory_ && !directory_->latest()) save(run);
  const double flops = flops_per_example(*params_);
  if (run.stop_requested()) return;
  while (batch) {
    next_position_ = input.position();
    if (!step(run, model_fn, *batch, flops) || run.finished() || run.should_stop()) return;
    batch = input.next();
  }
  position_.reset();  // the input has ended: the next call reads it from its beginning
}

int64_t Trainer::train(const InputFn& input_fn, const ModelFn& model_fn, const TrainOptions& options) {
  check_functions(input_fn, model_fn);
  restore();
  params_->clear_gradients();  // a call that threw may have left some
  TrainRun run(options, options_.config, *params_);
  stopped_by_signal_ = 0;
  if (run.finished()) return 0;
  run_steps(run, input_fn, model_fn);
  stopped_by_signal_ = run.signal();
  save(run);
  run.end();
  return params_->global_step - run.first_step();
}

}  // namespace weft
