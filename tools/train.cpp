// weft train: a model that a configuration describes, from where its directory stands.
#include "command.h"
#include "config.h"
#include "model_command.h"
#include "output.h"
#include "rule_options.h"

#include <fmt/format.h>
#include <weft/io/model_directory.h>

#include <cstdio>
#include <iostream>
#include <memory>

using namespace weft;
using Json = nlohmann::ordered_json;

namespace {

struct Options {
  ModelCommand model;
  std::string import;  // a file to begin with
  NameRules rules;
  bool lenient = false;
};

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

/// What importing would do; nothing is made or changed.
NameReport try_import(const Config& config, const Options& options) {
  Config trial = config;
  trial.run.warm_start = {};
  Estimator estimator = make_estimator(trial, false);
  return estimator.import_checkpoint(options.import, {.mode = ImportMode::dry_run, .rules = options.rules});
}

/// The imported model is its directory's first checkpoint, also where no step is left to train.
void import_model(Estimator& estimator, const Options& options) {
  estimator.import_checkpoint(options.import, {.mode = ImportMode::lenient, .rules = options.rules});
  ModelDirectory directory(estimator.model_dir());
  save_checkpoint(directory.checkpoint_path(estimator.global_step()), estimator.params(), estimator.checkpoint_names());
  directory.record(estimator.global_step(), estimator.config().keep_checkpoint_max);
}

void report(const Options& options, const Estimator& estimator, const Trained& trained,
            const std::optional<NameReport>& imported) {
  const std::string checkpoint = estimator.latest_checkpoint().value_or("");
  if (options.model.json) {
    Json json = {{"steps", trained.steps},
                 {"global_step", estimator.global_step()},
                 {"checkpoint", checkpoint},
                 {"stopped_early", trained.stopped_early},
                 {"signal", estimator.stopped_by_signal()}};
    if (trained.metrics.size() > 0) json["metrics"] = json_of(trained.metrics);
    if (imported) json["import"] = json_of(*imported);
    print_json(json);
  } else {
    std::cout << fmt::format("{} steps, the model has {}: {}{}\n", trained.steps, estimator.global_step(),
                             printable(checkpoint), trained.stopped_early ? ", stopped early" : "");
  }
}

int train(const Options& options) {
  const Config config = read_config(options.model.path, options.model.changes);
  std::optional<NameReport> imported;
  if (!options.import.empty()) {
    imported = try_import(config, options);
    const bool fits = imported->complete() || options.lenient;
    if (!options.model.json) print_report(*imported);
    if (options.model.dry_run || !fits) {
      if (options.model.json) print_json({{"import", json_of(*imported)}});
      return fits ? ExitCode::kOk : ExitCode::kDiffers;
    }
  } else if (options.model.dry_run) {
    return show_model(config, options.model.json);
  }
  Estimator estimator = make_estimator(config);
  if (imported) import_model(estimator, options);
  report(options, estimator, run(config, estimator), imported);
  return ExitCode::kOk;
}

}  // namespace

void add_train(CLI::App& program, Run& run) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = program.add_subcommand("train", "Train the model that a JSON configuration describes");
  command->footer(
      "Training goes on where the newest checkpoint of run.model_dir stopped; SIGINT and SIGTERM save and end it.\n"
      "Progress goes to the error stream, each run.log_step_count_steps steps.\n"
      "--import begins with the variables, and where they are there the slots and the step, of a file of TensorFlow,\n"
      "Keras, PyTorch or any other format, and reports what is loaded, missing, surplus or mis-shaped; if that is not\n"
      "complete, nothing is imported or trained and the exit code is 1.");
  add_model_options(*command, options->model);
  CLI::Option* import = command->add_option("--import", options->import,
                                            "A file of tensors to begin with, where run.model_dir has no checkpoint");
  command->add_flag("--lenient", options->lenient, "With --import: take what fits")->needs(import);
  for (CLI::Option* rule : add_rule_options(*command, options->rules)) rule->needs(import);
  command->add_flag("--dry-run", options->model.dry_run,
                    "Only print the columns and parameters that there would be, or the report of --import");
  command->callback([options, &run] { run = [options] { return train(*options); }; });
}
