// Trainer: the training loop.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/core/parallel.h>
#include <weft/estimator/training/finite.h>
#include <weft/estimator/training/thread_plan.h>
#include <weft/estimator/training/training.h>

#include <bit>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <limits>

namespace weft {

namespace {

using Clock = std::chrono::steady_clock;

// The array of a checkpoint with the input's position: fingerprint, epoch, examples.
constexpr const char* kPosition = "input_position";
constexpr double kSaveSeconds = 600.0;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

void check_options(const TrainOptions& options) {
  if (options.steps && options.max_steps) {
    throw ValueError("[train] Can not provide both steps and max_steps: got both, expected one. Leave one out.");
  }
  const auto require_positive = [](const char* name, std::optional<int64_t> value) {
    if (value.value_or(1) > 0) return;
    throw ValueError(fmt::format(
        "[train] Must specify {0} > 0, given: {1}. Leave {0} out to train to the end of the input.", name, *value));
  };
  require_positive("steps", options.steps);
  require_positive("max_steps", options.max_steps);
  require_positive("progress_steps", options.progress_steps);
}

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

int64_t saturating_sum(int64_t a, int64_t b) {
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  return a > kMost - b ? kMost : a + b;
}

}  // namespace

// One call of train: its counts and clocks.
struct Trainer::Run {
  const TrainOptions* options;
  int64_t first_step;
  std::optional<int64_t> last_step;
  Clock::time_point start = Clock::now();
  Clock::time_point saved = start;
  int64_t saved_step;
  double loss = 0.0;  ///< of the last step
  int64_t examples = 0;
  int64_t reported_step;
  int64_t reported_examples = 0;
  double reported_seconds = 0.0;

  Run(const TrainOptions& train_options, int64_t step)
      : options(&train_options),
        first_step(step),
        last_step(train_options.max_steps),
        saved_step(step),
        reported_step(step) {
    if (train_options.steps) last_step = saturating_sum(step, *train_options.steps);
  }
  bool finished(int64_t step) const { return last_step && step >= *last_step; }

  void report(int64_t step) {
    if (!options->progress || step == reported_step) return;
    const double seconds = seconds_since(start), passed = seconds - reported_seconds;
    const double rate = passed > 0.0 ? static_cast<double>(examples - reported_examples) / passed : 0.0;
    options->progress({.step = step,
                       .last_step = last_step,
                       .loss = loss,
                       .examples = examples,
                       .seconds = seconds,
                       .examples_per_second = rate});
    reported_step = step;
    reported_examples = examples;
    reported_seconds = seconds_since(start);
  }
};

Trainer::Trainer(ParameterStore& params, TrainerOptions options) : params_(&params), options_(std::move(options)) {
  check_run_config(options_.config);
  if (!options_.model_dir.empty()) directory_.emplace(options_.model_dir);
}

void Trainer::restore() {
  options_.optimizer.prepare(*params_);
  if (!directory_) return;
  const std::optional<std::string> latest = directory_->latest();
  if (!latest || latest == current_) return;
  current_.reset();
  const auto extra = restore_checkpoint(*latest, *params_, options_.names);
  position_.reset();
  if (const auto found = extra.find(kPosition); found != extra.end() && found->second.size() == 3) {
    const auto& numbers = found->second;
    position_ = {.fingerprint = std::bit_cast<uint64_t>(numbers[0]), .epoch = numbers[1], .examples = numbers[2]};
  }
  current_ = latest;
}

void Trainer::save() {
  if (!directory_) return;
  const ThreadLimit limit(threads());
  // A loss tells of the step before it only: what the last step made of the parameters is looked at here.
  if (const auto found = find_not_finite(*params_)) throw_nan(to_text(*found, params_->global_step), directory_);
  std::map<std::string, std::vector<int64_t>> extra;
  if (position_)
    extra[kPosition] = {std::bit_cast<int64_t>(position_->fingerprint), position_->epoch, position_->examples};
  const std::string path = directory_->checkpoint_path(params_->global_step);
  save_checkpoint(path, *params_, options_.names, extra);
  directory_->record(params_->global_step, options_.config.keep_checkpoint_max);
  current_ = path;
}

void Trainer::save_if_due(Run& run) {
  if (!directory_) return;
  const RunConfig& config = options_.config;
  const bool due = config.save_checkpoints_steps
                       ? params_->global_step - run.saved_step >= *config.save_checkpoints_steps
                       : seconds_since(run.saved) >= config.save_checkpoints_secs.value_or(kSaveSeconds);
  if (!due) return;
  save();
  run.saved_step = params_->global_step;
  run.saved = Clock::now();
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

// One step. A loss that is no number stops before it reaches the parameters, and before what gave it is saved: a
// checkpoint that is due waits for the next step's loss, since numbers can be finite and yet too large to go on from.
void Trainer::step(Run& run, const ModelFn& model_fn, const Batch& batch, double flops) {
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
  if (!std::isfinite(value)) throw_nan(fmt::format("{} at step {}", value, number), directory_);
  save_if_due(run);
  current_.reset();  // from here on the parameters are no checkpoint's
  tape.backward(loss);
  options_.optimizer.step(*params_);
  run.loss = value;
  run.examples += batch.size;
}

void Trainer::run_steps(Run& run, const InputFn& input_fn, const ModelFn& model_fn) {
  Dataset input = open(input_fn);
  const Batch* batch = first_batch(input_fn, input);
  if (directory_ && !directory_->latest()) save();
  const double flops = flops_per_example(*params_);
  while (batch) {
    step(run, model_fn, *batch, flops);
    position_ = input.position();
    if (params_->global_step - run.reported_step >= run.options->progress_steps) run.report(params_->global_step);
    if (run.finished(params_->global_step) || (run.options->should_stop && run.options->should_stop())) return;
    batch = input.next();
  }
  position_.reset();  // the input has ended: the next call reads it from its beginning
}

int64_t Trainer::train(const InputFn& input_fn, const ModelFn& model_fn, const TrainOptions& options) {
  check_options(options);
  check_functions(input_fn, model_fn);
  restore();
  params_->clear_gradients();  // a call that threw may have left some
  Run run(options, params_->global_step);
  if (run.finished(run.first_step)) return 0;
  run_steps(run, input_fn, model_fn);
  save();
  run.report(params_->global_step);
  return params_->global_step - run.first_step;
}

}  // namespace weft
