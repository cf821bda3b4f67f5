// weft evaluate: the metrics of a trained model on the data of its configuration.
#include "command.h"
#include "model_command.h"
#include "output.h"

#include <fmt/format.h>

#include <iostream>
#include <memory>

using namespace weft;

namespace {

int evaluate(const ModelCommand& options) {
  const Config config = read_config(options.path, options.changes);
  check_trained(config);
  const InputFn input = eval_input(config.data, config.spec);
  Estimator estimator = make_estimator(config);
  const Metrics metrics = estimator.evaluate(input, {.steps = config.run.eval_steps});
  if (options.json) {
    print_json(json_of(metrics));
  } else {
    for (const auto& [name, value] : metrics) std::cout << fmt::format("{} = {:.9g}\n", name, value);
  }
  return ExitCode::kOk;
}

}  // namespace

void add_evaluate(CLI::App& program, Run& run) {
  const auto options = std::make_shared<ModelCommand>();
  CLI::App* command = program.add_subcommand("evaluate", "Evaluate a trained model on the files of data.eval");
  add_model_options(*command, *options);
  command->callback([options, &run] { run = [options] { return evaluate(*options); }; });
}
