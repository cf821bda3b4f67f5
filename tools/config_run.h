// How a configuration's model is run: where it is kept, how long it is trained, when it is evaluated.
#pragma once
#include "config_value.h"

#include <weft/estimator/train_and_evaluate.h>

struct ConfigRun {
  std::string model_dir;
  std::optional<int64_t> max_steps;  ///< the global step to train to; absent: to the end of the data
  weft::RunConfig config;
  weft::WarmStartSettings warm_start;
  bool evaluates = false;  ///< while it trains
  std::optional<int64_t> eval_steps;
  double throttle_secs = 600.0;
  std::vector<weft::BestExporter> exporters;
  std::vector<weft::StopCondition> early_stopping;
};

/// Reads "run".
ConfigRun read_run(Section& config);
/// Reads "warm_start", a path or an object.
weft::WarmStartSettings read_warm_start(Section& run);
