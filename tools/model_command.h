// What weft train, evaluate and predict have in common.
#pragma once
#include "command.h"
#include "config.h"

#include <weft/estimator/metrics/metrics.h>

struct ModelCommand {
  std::string path;
  std::vector<std::string> changes;
  bool dry_run = false;
  bool json = false;
};
/// The configuration, --set and --json.
void add_model_options(CLI::App& command, ModelCommand& options);

/// Prints the columns and the parameters of the model; gives the exit code.
int show_model(const Config& config, bool json);
/// Throws IoError if the model has no checkpoint to work with.
void check_trained(const Config& config);
ConfigJson json_of(const weft::Metrics& metrics);
