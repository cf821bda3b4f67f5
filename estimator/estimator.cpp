// Estimator: the parameters, the trainer and the model's functions put together.
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/core/parallel.h>
#include <weft/estimator/estimator.h>
#include <weft/estimator/metrics/counts.h>
#include <weft/estimator/training/summary_hook.h>
#include <weft/estimator/training/thread_plan.h>
#include <weft/io/formats/open_tensors.h>
#include <weft/io/formats/tensor_bundle.h>

#include <map>

namespace weft {

namespace {

EstimatorSpec made_by(const EstimatorModelFn& model_fn, const Optimizer& optimizer, ParameterStore& params) {
  if (!model_fn) throw ValueError("[Estimator] model_fn must be callable: got an empty function. Give it a body.");
  optimizer.reserve_slots(params);
  EstimatorSpec spec = model_fn(params);
  if (!spec.loss) throw ValueError("[Estimator] Missing loss.: got a spec without one. Let model_fn return a loss.");
  return spec;
}

}  // namespace

struct Estimator::State {
  explicit State(EstimatorOptions options)
      : model_dir(options.model_dir),
        params({.seed = options.config.tf_random_seed}),
        spec(made_by(options.model_fn, options.optimizer, params)),
        trainer(params, {.optimizer = std::move(options.optimizer),
                         .model_dir = model_dir,
                         .config = std::move(options.config),
                         .names = std::move(options.names),
                         .warm_start_from = std::move(options.warm_start_from),
                         .prepare = [this](Batch& batch) { prepare(batch); },
                         .row_origin = spec.row_origin}) {}

  void prepare(Batch& batch) const {
    if (spec.prepare) spec.prepare(batch.features);
  }

  void reset_input_counts() const {
    if (spec.reset_input_counts) spec.reset_input_counts();
  }

  int threads() const {
    const int wanted = trainer.options().config.threads;
    return wanted > 0 ? wanted : num_threads();
  }

  Dataset open(const char* where, const InputFn& input_fn) {
    if (!input_fn) {
      throw ValueError(fmt::format("[{}] input_fn must be callable: got an empty function. Give it a body.", where));
    }
    Dataset data = input_fn();
    data.map([this](Batch& batch) { prepare(batch); });
    const ThreadPlan plan = plan_threads(threads(), flops_per_example(params));
    data.prefetch(plan.readers, plan.batches_ahead);
    return data;
  }

  // Calls f(tape) with a tape that does not record.
  template <class F>
  void forward(int64_t batch, F&& f) {
    const ThreadLimit limit(plan_threads(threads(), flops_per_example(params), batch).compute);
    Tape tape({.record = false});
    f(tape);
  }

  Evaluation start_evaluation() const {
    if (spec.evaluation) return spec.evaluation();
    return {.add = [this](Tape& tape, const Batch& batch) { return spec.loss(tape, batch).item(); },
            .result = [] { return Metrics(); }};
  }

  // For TensorBoard, and for early stopping; one file an object and name.
  void write(const Metrics& metrics) {
    if (model_dir.empty()) return;
    const std::string directory = eval_dir(model_dir, metrics.evaluation);
    auto found = eval_writers.find(directory);
    if (found == eval_writers.end()) found = eval_writers.emplace(directory, EventWriter({.dir = directory})).first;
    write_eval_metrics(found->second, metrics);
  }

  std::string model_dir;
  std::map<std::string, EventWriter> eval_writers;
  ParameterStore params;
  EstimatorSpec spec;
  Trainer trainer;
};

Estimator::Estimator(EstimatorOptions options) : state_(std::make_unique<State>(std::move(options))) {}
Estimator::Estimator(Estimator&&) noexcept = default;
Estimator& Estimator::operator=(Estimator&&) noexcept = default;
Estimator::~Estimator() = default;

int64_t Estimator::train(const InputFn& input_fn, const TrainOptions& options) {
  state_->reset_input_counts();
  const RunConfig& config = state_->trainer.options().config;
  if (state_->model_dir.empty() || !config.save_summary_steps) {
    return state_->trainer.train(input_fn, state_->spec.loss, options);
  }
  TrainOptions with_summaries = options;
  with_summaries.hooks.push_back(summary_hook(state_->model_dir, *config.save_summary_steps));
  return state_->trainer.train(input_fn, state_->spec.loss, with_summaries);
}

namespace {

// The counters that EvaluateOptions::add_metrics asks for.
std::vector<ExtraMetrics> make_extra(const EvaluateOptions& options, const Evaluation& evaluation) {
  std::vector<ExtraMetrics> extra;
  for (const ExtraMetricsFn& make : options.add_metrics) extra.push_back(make());
  if (extra.empty() || evaluation.predict) return extra;
  throw ValueError(
      "[evaluate] add_metrics needs predictions: got a model whose evaluation gives none. Let its Evaluation predict.");
}

}  // namespace

Metrics Estimator::evaluate(const InputFn& input_fn, const EvaluateOptions& options) {
  State& state = *state_;
  if (options.steps.value_or(1) <= 0) {
    throw ValueError(fmt::format(
        "[evaluate] Must specify steps > 0, given: {}. Leave steps out to read the input to its end.", *options.steps));
  }
  state.trainer.restore();
  state.reset_input_counts();
  const Evaluation evaluation = state.start_evaluation();
  const std::vector<ExtraMetrics> extra = make_extra(options, evaluation);
  Predictions predictions;
  StreamingMean loss;
  Dataset input = state.open("evaluate", input_fn);
  for (int64_t step = 0; !options.steps || step < *options.steps; ++step) {
    const Batch* batch = input.next();
    if (!batch) break;
    state.forward(batch->size, [&](Tape& tape) {
      loss.add(evaluation.add(tape, *batch));
      if (!extra.empty()) evaluation.predict(predictions);
      for (const ExtraMetrics& metrics : extra) metrics.add(*batch, predictions);
    });
  }
  if (loss.count() == 0.0) {
    throw ValueError(
        "[evaluate] the input has no batches: got an empty data set, expected examples. Check what input_fn returns.");
  }
  Metrics metrics = evaluation.result();
  for (const ExtraMetrics& counted : extra) counted.set(metrics);
  metrics.set("loss", loss.result());
  metrics.set("global_step", static_cast<double>(state.params.global_step));
  metrics.evaluation = options.name;
  state.write(metrics);
  return metrics;
}

namespace {

void check_predicts(const EstimatorSpec& spec) {
  if (spec.predict) return;
  throw ValueError("[predict] Missing predictions.: got a model that predicts nothing. Let model_fn return predict.");
}

}  // namespace

PredictionRange Estimator::predict(const InputFn& input_fn) {
  State& state = *state_;
  check_predicts(state.spec);
  state.trainer.restore();
  state.reset_input_counts();
  return PredictionRange(state.open("predict", input_fn), [&state](const Batch& batch, Predictions& out) {
    state.forward(batch.size, [&](Tape& tape) { state.spec.predict(tape, batch.features, out); });
  });
}

void Estimator::predict(const Features& features, Predictions& out) {
  State& state = *state_;
  check_predicts(state.spec);
  state.trainer.restore();
  state.forward(0, [&](Tape& tape) { state.spec.predict(tape, features, out); });
}

NameReport Estimator::import_checkpoint(const std::string& path, ImportOptions options) {
  if (const auto latest = latest_checkpoint()) {
    throw ValueError(
        fmt::format("[import_checkpoint] model_dir must not have a checkpoint of its own: got {}, expected none. Give "
                    "another model_dir, or none.",
                    *latest));
  }
  state_->trainer.restore();  // makes the slots
  options.names = checkpoint_names();
  return import_parameters(open_tensors(path), state_->params, options);
}

void Estimator::export_checkpoint(const std::string& prefix) {
  state_->trainer.restore();
  write_tensor_bundle(prefix, exported_parameters(state_->params, checkpoint_names()), StateFile::write);
}

std::vector<ColumnCounts> Estimator::input_counts() const {
  return state_->spec.input_counts ? state_->spec.input_counts() : std::vector<ColumnCounts>();
}
ParameterStore& Estimator::params() {
  return state_->params;
}
const ParameterStore& Estimator::params() const {
  return state_->params;
}
int64_t Estimator::global_step() const {
  return state_->params.global_step;
}
const std::string& Estimator::model_dir() const {
  return state_->model_dir;
}
const RunConfig& Estimator::config() const {
  return state_->trainer.options().config;
}
std::optional<std::string> Estimator::latest_checkpoint() const {
  return state_->trainer.latest_checkpoint();
}
const CheckpointNames& Estimator::checkpoint_names() const {
  return state_->trainer.options().names;
}
int Estimator::stopped_by_signal() const {
  return state_->trainer.stopped_by_signal();
}

}  // namespace weft
