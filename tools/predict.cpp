// weft predict: what a trained model says of each example of some files, in their order.
#include "command.h"
#include "model_command.h"
#include "prediction_lines.h"

#include <iostream>
#include <memory>

using namespace weft;

namespace {

constexpr size_t kBlock = size_t{1} << 16;  // bytes that are written at once

struct Options {
  ModelCommand model;
  std::vector<std::string> files;
  bool logits = false;
};

/// Stops when the output can't be written, which main() tells.
void print_lines(PredictionRange& range, const LineFormat& format) {
  std::string lines;
  bool header = !format.json;
  for (const Prediction& prediction : range) {
    if (header) lines += csv_header(prediction, format);
    header = false;
    append_line(lines, prediction, format);
    if (lines.size() < kBlock) continue;
    if (!(std::cout << lines)) return;
    lines.clear();
  }
  std::cout << lines;
}

int predict(const Options& options) {
  Config config = read_config(options.model.path, options.model.changes);
  if (!options.files.empty()) config.data.files.predict = options.files;
  check_trained(config);
  const InputFn input = predict_input(config.data, config.spec);
  Estimator estimator = make_estimator(config);
  PredictionRange range = estimator.predict(input);
  print_lines(range, {.json = options.model.json, .logits = options.logits});
  return ExitCode::kOk;
}

}  // namespace

void add_predict(CLI::App& program, Run& run) {
  const auto options = std::make_shared<Options>();
  CLI::App* command =
      program.add_subcommand("predict", "Predict for each example of files, a line each, in their order");
  command->footer(
      "CSV with a header: probabilities (one a class) and the class, or the predictions of a regression.\n"
      "With --json a JSON object each line.");
  add_model_options(*command, options->model);
  command->add_option("--files", options->files, "Files or quoted globs, in place of data.predict");
  command->add_flag("--logits", options->logits, "Print logits too");
  command->callback([options, &run] { run = [options] { return predict(*options); }; });
}
