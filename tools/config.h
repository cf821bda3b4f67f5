// A configuration: the model, its data and its run, as a JSON file describes them (docs/configuration.md).
#pragma once
#include "config_data.h"
#include "config_model.h"
#include "config_run.h"

struct Config {
  ConfigModel model;
  ConfigData data;
  ConfigRun run;
  weft::ParseSpec spec;  ///< the features that the model reads, its weights among them, without the label
};

/// Reads a file, with changes as read_config_file() takes them. Throws as it does, and ValueError with everything that
/// is wrong, a line each.
Config read_config(const std::string& path, const std::vector<std::string>& changes);

/// The estimator with the configuration's model directory, which logs to the error stream; with none, if `stored` is
/// false.
weft::Estimator make_estimator(const Config& config, bool stored = true);
/// A dnn model, stored nowhere. Throws ValueError for a model of another kind.
weft::DNNEstimator make_dnn_estimator(const Config& config);
