// train_and_evaluate: a hook that evaluates after checkpoints.
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/estimator/train_and_evaluate.h>

#include <algorithm>
#include <chrono>

namespace weft {

namespace {

using Clock = std::chrono::steady_clock;

void check_specs(const TrainSpec& train, const EvalSpec& eval, const Estimator& estimator) {
  if (!train.input_fn || !eval.input_fn) {
    throw ValueError("[train_and_evaluate] input_fn must be callable: got an empty function. Give it a body.");
  }
  if (!(eval.throttle_secs >= 0.0)) {
    throw ValueError(fmt::format("[train_and_evaluate] Must specify throttle_secs >= 0, given: {}. Give seconds.",
                                 eval.throttle_secs));
  }
  if (!eval.exporters.empty() && estimator.model_dir().empty()) {
    throw ValueError(
        "[train_and_evaluate] exporters copy checkpoints: got an estimator without one, expected a model_dir. Give "
        "model_dir, or leave exporters out.");
  }
}

class Evaluator {
 public:
  Evaluator(Estimator& estimator, const TrainSpec& train, const EvalSpec& eval)
      : estimator_(estimator), train_(train), eval_(eval) {
    const std::string& model_dir = estimator.model_dir();
    if (!model_dir.empty()) history_ = read_eval_metrics(eval_dir(model_dir, eval.name), estimator.config().log);
  }

  bool stop_wanted() const {
    return std::ranges::any_of(train_.early_stopping, [&](const StopCondition& stop) { return stop(history_); });
  }

  // At a checkpoint on the way. The one that a run begins with, before it has done a step, is nothing new; after a
  // signal there is no time.
  void after_save(TrainContext& context) {
    const bool too_soon =
        evaluated_at_ && std::chrono::duration<double>(Clock::now() - *evaluated_at_).count() < eval_.throttle_secs;
    if (context.examples == 0 || context.signal != 0 || too_soon) return;
    evaluate();
    if (stop_wanted()) context.request_stop();
  }

  void evaluate() {
    metrics_ = estimator_.evaluate(eval_.input_fn, {.steps = eval_.steps, .name = eval_.name});
    const int64_t step = estimator_.global_step();
    // As the event files tell them, so that a resumed run decides the same.
    for (const auto& [name, value] : metrics_) history_[step].set(name, static_cast<float>(value));
    if (const auto checkpoint = estimator_.latest_checkpoint()) {
      for (const BestExporter& exporter : eval_.exporters) {
        exporter.export_if_better(estimator_.model_dir(), *checkpoint, step, metrics_);
      }
    }
    if (eval_.after_evaluation) eval_.after_evaluation(metrics_);
    evaluated_at_ = Clock::now();
    evaluated_step_ = step;
  }

  bool is_evaluated(int64_t step) const { return evaluated_step_ == step; }
  const Metrics& metrics() const { return metrics_; }

 private:
  Estimator& estimator_;
  const TrainSpec& train_;
  const EvalSpec& eval_;
  EvalHistory history_;
  Metrics metrics_;
  std::optional<Clock::time_point> evaluated_at_;
  std::optional<int64_t> evaluated_step_;
};

}  // namespace

TrainAndEvaluateResult train_and_evaluate(Estimator& estimator, const TrainSpec& train_spec,
                                          const EvalSpec& eval_spec) {
  check_specs(train_spec, eval_spec, estimator);
  Evaluator evaluator(estimator, train_spec, eval_spec);
  TrainAndEvaluateResult result;
  if (!evaluator.stop_wanted()) {
    std::vector<TrainHook> hooks = train_spec.hooks;
    hooks.push_back({.after_save = [&](TrainContext& context) { evaluator.after_save(context); }});
    result.steps = estimator.train(
        train_spec.input_fn,
        {.max_steps = train_spec.max_steps, .progress = train_spec.progress, .hooks = std::move(hooks)});
  }
  if (estimator.stopped_by_signal() == 0 && !evaluator.is_evaluated(estimator.global_step())) evaluator.evaluate();
  result.stopped_early = evaluator.stop_wanted();
  result.metrics = evaluator.metrics();
  return result;
}

}  // namespace weft
