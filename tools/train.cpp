// weft train: a model that a configuration describes, from where its directory stands.
#include "command.h"
#include "config.h"
#include "model_command.h"
#include "output.h"

#include <fmt/format.h>

#include <cstdio>
#include <iostream>
#include <memory>

using namespace weft;
using Json = nlohmann::ordered_json;

namespace {

void show(const TrainProgress& now) {
  const std::string end = now.last_step ? fmt::format("/{}", *now.last_step) : "";
  fmt::print(stderr, "step {}{}  loss {:.6g}  {:.0f} examples/s\n", now.step, end, now.loss, now.examples_per_second);
}

struct Trained {
  int64_t steps = 0;
  bool stopped_early = false;
  Metrics metrics;  ///< of the last evaluation, if any
};

Trained run(const Config& config, Estimator& estimator) {
  const InputFn input = train_input(config.data, config.spec);
  if (!config.run.evaluates) {
    return {.steps = estimator.train(input, {.max_steps = config.run.max_steps, .progress = show}), .metrics = {}};
  }
  TrainSpec train{.input_fn = input,
                  .max_steps = config.run.max_steps,
                  .early_stopping = config.run.early_stopping,
                  .progress = show};
  EvalSpec eval{.input_fn = eval_input(config.data, config.spec),
                .steps = config.run.eval_steps,
                .exporters = config.run.exporters,
                .throttle_secs = config.run.throttle_secs,
                .after_evaluation = [](const Metrics& metrics) { fmt::print(stderr, "{}\n", to_string(metrics)); }};
  const TrainAndEvaluateResult result = train_and_evaluate(estimator, train, eval);
  return {.steps = result.steps, .stopped_early = result.stopped_early, .metrics = result.metrics};
}

int train(const ModelCommand& options) {
  const Config config = read_config(options.path, options.changes);
  if (options.dry_run) return show_model(config, options.json);
  Estimator estimator = make_estimator(config);
  const Trained trained = run(config, estimator);
  const std::string checkpoint = estimator.latest_checkpoint().value_or("");
  if (options.json) {
    Json json = {{"steps", trained.steps},
                 {"global_step", estimator.global_step()},
                 {"checkpoint", checkpoint},
                 {"stopped_early", trained.stopped_early},
                 {"signal", estimator.stopped_by_signal()}};
    if (trained.metrics.size() > 0) json["metrics"] = json_of(trained.metrics);
    print_json(json);
  } else {
    std::cout << fmt::format("{} steps, the model has {}: {}{}\n", trained.steps, estimator.global_step(),
                             printable(checkpoint), trained.stopped_early ? ", stopped early" : "");
  }
  return ExitCode::kOk;
}

}  // namespace

void add_train(CLI::App& program, Run& run) {
  const auto options = std::make_shared<ModelCommand>();
  CLI::App* command = program.add_subcommand("train", "Train the model that a JSON configuration describes");
  command->footer(
      "Training goes on where the newest checkpoint of run.model_dir stopped; SIGINT and SIGTERM save and end it.\n"
      "Progress goes to the error stream, each run.log_step_count_steps steps.");
  add_model_options(*command, *options);
  command->add_flag("--dry-run", options->dry_run, "Only print the columns and parameters that there would be");
  command->callback([options, &run] { run = [options] { return train(*options); }; });
}
