// TrainRun: one call of train(): its counts and clocks, its hooks, its reports, and when it ends.
#pragma once
#include <weft/estimator/training/stop_signals.h>
#include <weft/estimator/training/training.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace weft {

class TrainRun {
 public:
  /// All must outlive it. Throws ValueError for options that can't be.
  TrainRun(const TrainOptions& options, const RunConfig& config, ParameterStore& params);

  int64_t first_step() const { return first_step_; }
  /// Whether the last step is done.
  bool finished() const { return last_step_ && params_->global_step >= *last_step_; }
  /// Whether a hook, should_stop or a signal wishes the end.
  bool should_stop();
  /// Whether a hook has already asked: it is not called again for it.
  bool stop_requested() const { return context_.stop_requested; }
  int signal() const { return signals_.received(); }

  void begin();
  /// Counts a step, calls the hooks, reports if it is time.
  void after_step(double loss, int64_t examples);
  bool save_due() const;
  void before_save();
  void after_save(const std::string& checkpoint);
  void end();

 private:
  void call(std::function<void(TrainContext&)> TrainHook::*function);
  void report();
  void log(const std::string& line) const;

  const TrainOptions* options_;
  const RunConfig* config_;
  ParameterStore* params_;
  StopSignals signals_;
  TrainContext context_;
  std::optional<int64_t> report_steps_;
  int64_t first_step_;
  std::optional<int64_t> last_step_;
  std::chrono::steady_clock::time_point start_, saved_;
  int64_t saved_step_;
  int64_t reported_step_;
  int64_t reported_examples_ = 0;
  double reported_seconds_ = 0.0;
};

}  // namespace weft
