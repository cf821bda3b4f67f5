// TrainRun: counts, clocks, hooks.
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/estimator/training/train_run.h>

#include <limits>

namespace weft {

namespace {

using Clock = std::chrono::steady_clock;

constexpr double kSaveSeconds = 600.0;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

const TrainOptions& checked(const TrainOptions& options) {
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
  return options;
}

int64_t saturating_sum(int64_t a, int64_t b) {
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  return a > kMost - b ? kMost : a + b;
}

}  // namespace

TrainRun::TrainRun(const TrainOptions& options, const RunConfig& config, ParameterStore& params)
    : options_(&checked(options)),
      config_(&config),
      params_(&params),
      signals_(config.stop_on_signals),
      context_{.params = params, .step = params.global_step},
      report_steps_(options.progress_steps ? options.progress_steps : config.log_step_count_steps),
      first_step_(params.global_step),
      last_step_(options.max_steps),
      start_(Clock::now()),
      saved_(start_),
      saved_step_(first_step_),
      reported_step_(first_step_) {
  if (options.steps) last_step_ = saturating_sum(first_step_, *options.steps);
}

bool TrainRun::should_stop() {
  if (options_->should_stop && options_->should_stop()) context_.request_stop();
  return stop_requested() || signals_.received() != 0;
}

void TrainRun::call(std::function<void(TrainContext&)> TrainHook::*function) {
  context_.step = params_->global_step;
  context_.signal = signals_.received();
  for (const TrainHook& hook : options_->hooks) {
    if (hook.*function) (hook.*function)(context_);
  }
}

void TrainRun::begin() {
  call(&TrainHook::begin);
}

void TrainRun::after_step(double loss, int64_t examples) {
  context_.loss = loss;
  context_.examples += examples;
  call(&TrainHook::after_step);
  if (report_steps_ && params_->global_step - reported_step_ >= *report_steps_) report();
}

bool TrainRun::save_due() const {
  if (config_->save_checkpoints_steps) return params_->global_step - saved_step_ >= *config_->save_checkpoints_steps;
  return seconds_since(saved_) >= config_->save_checkpoints_secs.value_or(kSaveSeconds);
}

void TrainRun::before_save() {
  call(&TrainHook::before_save);
}

void TrainRun::after_save(const std::string& checkpoint) {
  log(fmt::format("Saving checkpoints for {} into {}.", params_->global_step, checkpoint));
  context_.checkpoint = checkpoint;
  call(&TrainHook::after_save);
  context_.checkpoint.clear();
  saved_step_ = params_->global_step;
  saved_ = Clock::now();
}

void TrainRun::end() {
  call(&TrainHook::end);
  if (report_steps_) report();
  if (signals_.received() != 0) log(fmt::format("Signal {} ended the training.", signals_.received()));
  if (params_->global_step > first_step_) log(fmt::format("Loss for final step: {:.6g}.", context_.loss));
}

void TrainRun::report() {
  const int64_t step = params_->global_step;
  if (step == reported_step_) return;
  const double seconds = seconds_since(start_), passed = seconds - reported_seconds_;
  const auto rate = [&](int64_t count) { return passed > 0.0 ? static_cast<double>(count) / passed : 0.0; };
  const double examples_per_second = rate(context_.examples - reported_examples_);
  log(fmt::format("loss = {:.6g}, step = {} ({:.3f} sec), global_step/sec: {:.6g}", context_.loss, step, passed,
                  rate(step - reported_step_)));
  if (options_->progress) {
    options_->progress({.step = step,
                        .last_step = last_step_,
                        .loss = context_.loss,
                        .examples = context_.examples,
                        .seconds = seconds,
                        .examples_per_second = examples_per_second});
  }
  reported_step_ = step;
  reported_examples_ = context_.examples;
  reported_seconds_ = seconds_since(start_);
}

void TrainRun::log(const std::string& line) const {
  if (config_->log) config_->log(line);
}

}  // namespace weft
