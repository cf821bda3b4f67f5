// weft predict: what a trained model says of each example of some files, in their order.
#include "command.h"
#include "model_command.h"
#include "output.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <weft/core/error.h>

#include <iostream>
#include <memory>
#include <span>

using namespace weft;

namespace {

struct Options {
  ModelCommand model;
  std::vector<std::string> files;
  bool logits = false;
};

/// The numbers of an example under the names of their columns.
struct Field {
  std::string name;
  std::span<const float> values;
};

std::vector<Field> fields_of(const Prediction& prediction, bool logits) {
  std::vector<Field> fields;
  if (!prediction.predictions.empty()) return {{"predictions", prediction.predictions}};
  if (logits) fields.push_back({"logits", prediction.logits});
  fields.push_back({"probabilities", prediction.probabilities});
  return fields;
}

/// RFC 4180: in quotes if it must be.
std::string csv_cell(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string cell = "\"";
  for (const char c : text) cell += c == '"' ? std::string("\"\"") : std::string(1, c);
  return cell + "\"";
}

std::string csv_header(const Prediction& prediction, bool logits) {
  std::vector<std::string> names;
  for (const Field& field : fields_of(prediction, logits)) {
    for (size_t i = 0; i < field.values.size(); ++i) {
      names.push_back(field.values.size() == 1 ? field.name : fmt::format("{}_{}", field.name, i));
    }
  }
  if (!prediction.classes.empty()) names.push_back("class");
  return fmt::format("{}\n", fmt::join(names, ","));
}

void append_csv(std::string& out, const Prediction& prediction, bool logits) {
  bool first = true;
  for (const Field& field : fields_of(prediction, logits)) {
    for (const float value : field.values) {
      fmt::format_to(std::back_inserter(out), "{}{}", first ? "" : ",", value);
      first = false;
    }
  }
  if (!prediction.classes.empty()) out += "," + csv_cell(prediction.classes[0]);
  out += '\n';
}

void print_lines(const Options& options, PredictionRange& range) {
  std::string lines;
  bool header = !options.model.json;
  for (const Prediction& prediction : range) {
    if (options.model.json) {
      ConfigJson json;
      for (const Field& field : fields_of(prediction, options.logits)) json[field.name] = field.values;
      if (!prediction.classes.empty()) json["class"] = prediction.classes[0];
      print_json_line(json);
      if (!std::cout) break;
      continue;
    }
    if (header) lines += csv_header(prediction, options.logits);
    header = false;
    append_csv(lines, prediction, options.logits);
    if (lines.size() < size_t{1} << 16) continue;
    if (!(std::cout << lines)) break;  // main() tells
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
  print_lines(options, range);
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
