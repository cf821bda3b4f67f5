// Modes: what weft_bench can time. Each returns its fields of the result line.
#pragma once
#include <nlohmann/json.hpp>

#include "options.h"
#include "workload.h"

namespace weft::bench {

/// One epoch from the files to the last step, then log-loss and AUC of the held-out files. If an epoch is over before
/// --seconds are counted, more follow; the quality is that of one epoch all the same.
nlohmann::ordered_json run_e2e(const Options& options, const Workload& workload);
/// The training step alone: ids in memory, cycling over the training set.
nlohmann::ordered_json run_step(const Options& options, const Workload& workload);
/// Read, check, parse, look up: no model.
nlohmann::ordered_json run_input(const Options& options, const Workload& workload);
/// Probabilities of the held-out files in batches, then of one serialized example at a time.
nlohmann::ordered_json run_predict(const Options& options, const Workload& workload);
/// Saves and restores table, slots and dense parameters.
nlohmann::ordered_json run_checkpoint(const Options& options, const Workload& workload);

/// Nanoseconds a value to make ids of features, by kind of column; made-up features, one thread.
nlohmann::ordered_json run_columns(const Options& options);

}  // namespace weft::bench
