// What weft train, evaluate and predict have in common: options, and what a model is made of.
#include "model_command.h"

#include "output.h"

#include <fmt/format.h>
#include <weft/core/error.h>

#include <cmath>
#include <filesystem>
#include <iostream>

using namespace weft;

namespace {

struct Part {
  const char* name;
  const FeatureColumns* columns;
};

std::vector<Part> parts_of(const ConfigModel& model) {
  std::vector<Part> parts;
  if (!model.dnn_columns.empty()) parts.push_back({"dnn", &model.dnn_columns});
  if (!model.linear_columns.empty()) parts.push_back({"linear", &model.linear_columns});
  return parts;
}

std::vector<int64_t> extents(const Parameter& parameter) {
  const auto shape = parameter.shape().extents();
  return {shape.begin(), shape.end()};
}

std::string text_of(const FeatureSpec& spec) {
  if (const auto* fixed = std::get_if<FixedLenFeature>(&spec)) {
    return fmt::format("{} {}{}", to_string(fixed->type), shape_text(fixed->shape),
                       fixed->default_value ? ", with a default" : "");
  }
  if (const auto* some = std::get_if<VarLenFeature>(&spec)) return fmt::format("{}, any number", to_string(some->type));
  return "";
}

void print_model_json(const Config& config, const Estimator& estimator) {
  ConfigJson features = ConfigJson::array(), columns = ConfigJson::array(), parameters = ConfigJson::array();
  for (const auto& [key, spec] : config.spec) features.push_back({{"name", key}, {"spec", text_of(spec)}});
  for (const Part& part : parts_of(config.model)) {
    for (const FeatureColumn& column : *part.columns) {
      columns.push_back({{"part", part.name}, {"name", column.name()}, {"column", describe(column)}});
    }
  }
  for (const Parameter& parameter : estimator.params()) {
    parameters.push_back(
        {{"name", parameter.name()}, {"shape", extents(parameter)}, {"trainable", parameter.trainable()}});
  }
  print_json({{"features", features}, {"columns", columns}, {"parameters", parameters}});
}

void print_model(const Config& config, const Estimator& estimator) {
  std::vector<std::vector<std::string>> features, columns, parameters;
  for (const auto& [key, spec] : config.spec) features.push_back({key, text_of(spec)});
  for (const Part& part : parts_of(config.model)) {
    for (const FeatureColumn& column : *part.columns) columns.push_back({part.name, column.name(), describe(column)});
  }
  int64_t numbers = 0;
  for (const Parameter& parameter : estimator.params()) {
    parameters.push_back(
        {parameter.name(), shape_text(extents(parameter)), parameter.trainable() ? "" : "not trained"});
    numbers += parameter.shape().size();
  }
  print_columns({"feature", "read as"}, features);
  std::cout << '\n';
  print_columns({"part", "column", ""}, columns);
  std::cout << '\n';
  print_columns({"parameter", "shape", ""}, parameters);
  std::cout << fmt::format("\n{} numbers; nothing was trained: a dry run\n", numbers);
}

}  // namespace

void add_model_options(CLI::App& command, ModelCommand& options) {
  command.add_option("config", options.path, "The configuration, JSON with comments: see docs/configuration.md")
      ->required();
  command
      .add_option("--set", options.changes, "path=value, as run.max_steps=1000 or columns[2].dimension=16; repeatable")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command.add_flag("--json", options.json, "Print JSON");
}

int show_model(const Config& config, bool json) {
  const Estimator estimator = make_estimator(config, false);
  if (json) {
    print_model_json(config, estimator);
  } else {
    print_model(config, estimator);
  }
  return ExitCode::kOk;
}

void check_trained(const Config& config) {
  const std::string& directory = config.run.model_dir;
  std::error_code ignored;
  if (std::filesystem::is_directory(directory, ignored) && ModelDirectory(directory).latest()) return;
  throw IoError(fmt::format("run.model_dir: {} has no checkpoint. Train the model first: weft train.", directory));
}

ConfigJson json_of(const Metrics& metrics) {
  ConfigJson json = ConfigJson::object();
  for (const auto& [name, value] : metrics) json[name] = std::isfinite(value) ? ConfigJson(value) : ConfigJson();
  return json;
}
