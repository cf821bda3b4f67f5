// Targets: what weft is to reach beside its peers, and what it reaches here.
#pragma once
#include <iosfwd>
#include <string>

#include "options.h"

namespace weft::bench {

/// Runs end to end, step and input of the four workloads, --seconds each, and prints each figure as it is there beside
/// the peers' stored ones and the ratio asked for. Makes data below --data where there are none. Throws as the modes.
void run_targets(const Options& options, std::ostream& out);

/// One line a target of `mode` and `workload`, for a figure of weft's in examples a second.
std::string target_lines(const std::string& workload, const std::string& mode, double weft);

}  // namespace weft::bench
