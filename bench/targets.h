// Targets: what weft is to reach beside its peers, and what it reaches here.
#pragma once
#include <iosfwd>
#include <nlohmann/json.hpp>
#include <string>

#include "options.h"

namespace weft::bench {

/// Measures every target, --seconds a figure, each in a process of its own, and prints it as it is there beside what is
/// asked for and the peers' stored figures. Makes data below --data where there are none. Throws as the modes.
void run_targets(const Options& options, std::ostream& out);

/// The lines of the targets that a result line of a run says something about. `run` is the mode, with what makes it
/// another run than usual: "step", "step adam", "step bfloat16".
std::string target_lines(const std::string& workload, const std::string& run, const nlohmann::ordered_json& result);

}  // namespace weft::bench
