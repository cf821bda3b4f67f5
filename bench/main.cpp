// weft_bench: weft on the benchmark's workloads, with the command line and the result line of the other frameworks'
// programs.
#include <time.h>
#include <weft/core/error.h>

#include <fstream>
#include <iostream>
#include <span>

#include "clock.h"
#include "make_data.h"
#include "model.h"
#include "modes.h"
#include "profile.h"
#include "targets.h"

namespace weft::bench {
namespace {

nlohmann::ordered_json run(const Options& options, const Workload& workload) {
  if (options.mode == "e2e") return run_e2e(options, workload);
  if (options.mode == "step") return run_step(options, workload);
  if (options.mode == "input") return run_input(options, workload);
  if (options.mode == "predict") return run_predict(options, workload);
  return run_checkpoint(options, workload);
}

std::string date() {
  const time_t now = time(nullptr);
  tm parts{};
  gmtime_r(&now, &parts);
  char text[32];
  strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

nlohmann::ordered_json description(const Options& options, const Workload& workload) {
  const ThreadPlan plan = threads_of(workload, options);
  nlohmann::ordered_json line = {{"schema", 1},
                                 {"peer", "weft"},
                                 {"versions", {{"weft", WEFT_VERSION}, {"compiler", "g++ " __VERSION__}}},
                                 {"workload", workload.name},
                                 {"mode", options.mode},
                                 {"optimizer", options.optimizer},
                                 {"precision", options.bfloat16 ? "bfloat16" : "float32"},
                                 {"threads", options.threads},
                                 {"batch", workload.batch},
                                 {"dim", workload.dim},
                                 {"hidden", workload.hidden},
                                 {"vocab", workload.vocab},
                                 {"columns", workload.columns.size()},
                                 {"synthetic", workload.synthetic},
                                 {"mean_ids", nullptr},
                                 {"config", {{"compute_threads", plan.compute}, {"input_threads", plan.readers}}}};
  if (workload.synthetic) line["mean_ids"] = workload.mean_ids;
  return line;
}

int main(std::span<const char* const> arguments) {
  if (arguments.size() == 1 && std::string_view(arguments[0]) == "--help") {
    std::cout << usage();
    return 0;
  }
  const Options options = parse_options(arguments);
  if (options.mode == "columns") {
    std::cout << run_columns(options) << '\n';
    return 0;
  }
  if (options.mode == "targets") {
    run_targets(options, std::cout);
    return 0;
  }
  if (options.mode == "make-data") {
    const int64_t examples = options.max_examples > 0 ? options.max_examples : 400'000;
    make_data(options.data, options.workload, examples, std::max<int64_t>(examples / 10, 1));
    return 0;
  }
  const Workload workload = load_workload(options);
  nlohmann::ordered_json line = description(options, workload);
  line.update(run(options, workload));
  line["peak_rss_mb"] = peak_rss_mb();
  line["wall_s"] = rounded(process_age(), 3);
  line["cpu_s"] = rounded(cpu_seconds(), 3);
  line["date"] = date();
  if (!options.json.empty()) {
    std::ofstream file(options.json, std::ios::app);
    file << line << '\n';
    if (!file.flush()) throw IoError("[weft_bench] " + options.json + ": can't be written. Give another --json.");
  }
  std::cout << profile_table(line) << line << '\n';
  return 0;
}

}  // namespace
}  // namespace weft::bench

int main(int count, char** arguments) {
  try {
    return weft::bench::main({arguments + 1, static_cast<size_t>(count - 1)});
  } catch (const weft::ValueError& error) {
    std::cerr << error.what() << '\n';
    return 2;
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
