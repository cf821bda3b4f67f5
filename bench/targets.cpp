// Targets: peers' figures are stored here with their machines; a ratio to another machine's figure is an indication.
#include "targets.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <ostream>
#include <string_view>

#include "make_data.h"
#include "modes.h"

namespace weft::bench {
namespace {

/// Thousands of examples a second; 0: not measured. Adagrad, two threads (`seed`'s step: one). `zen4`: two virtual CPUs
/// of an AMD EPYC with AVX-512; `zen3`: two with AVX2. TensorFlow 2.15.1, FBGEMM 1.9.0; README.md says how.
struct Target {
  std::string_view workload, mode, peer;
  double ratio;
  double zen4, zen3;
};
constexpr std::array kTargets = {
    Target{"seed", "e2e", "TF function", 7.0, 214, 208},
    Target{"seed", "e2e", "Estimator", 17.0, 61, 0},
    Target{"seed", "step", "TF function", 4.5, 358, 286},
    Target{"seed", "input", "tf.data, chunks", 10.0, 366, 233},
    Target{"medium", "e2e", "TF function", 2.5, 39.3, 29.1},
    Target{"medium", "e2e", "Estimator", 6.0, 15.5, 0},
    Target{"medium", "step", "TF function", 2.0, 53.1, 47},
    Target{"medium", "step", "FBGEMM", 2.6, 40.2, 35.2},
    Target{"medium", "input", "tf.data, chunks", 4.5, 186, 120},
    Target{"wide", "e2e", "TF function", 2.2, 47.3, 31.1},
    Target{"wide", "step", "TF function", 1.9, 76.8, 43.2},
    Target{"wide", "input", "tf.data, chunks", 4.0, 153, 83.5},
    Target{"large", "e2e", "TF function", 2.8, 136, 78.4},
    Target{"large", "step", "TF function", 2.6, 145, 0},
    Target{"large", "step", "FBGEMM", 3.6, 103, 0},
    Target{"large", "input", "tf.data, chunks", 12.0, 825, 468},
};

/// Enough for some seconds of training; an epoch is repeated.
int64_t examples_of(std::string_view workload) {
  return workload == "seed" ? 200'000 : workload == "large" ? 160'000 : 80'000;
}

std::string beside(double weft, double peer) {
  return peer > 0 ? fmt::format("{:>8.1f}k{:>7.2f}", peer, weft / 1e3 / peer) : fmt::format("{:>9}{:>7}", "-", "-");
}

bool has_room_for_large() {
  return static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE)) > 7.5e9;
}

}  // namespace

std::string target_lines(const std::string& workload, const std::string& mode, double weft) {
  std::string text;
  for (const Target& t : kTargets) {
    if (t.workload != workload || t.mode != mode) continue;
    text += fmt::format("{:<8}{:<7}{:>10.1f}k  {:<17}{:>6.1f}{}{}\n", workload, mode, weft / 1e3, t.peer, t.ratio,
                        beside(weft, t.zen4), beside(weft, t.zen3));
  }
  return text;
}

void run_targets(const Options& options, std::ostream& out) {
  out << "Examples a second, and ratios to peers' STORED figures of two other machines: indications, for another\n"
         "machine is not this one. README.md says how to run the peers here, in turn with weft.\n\n"
      << fmt::format("{:<8}{:<7}{:>11}  {:<17}{:>6}{:>9}{:>7}{:>9}{:>7}\n", "", "mode", "weft", "peer", "asked",
                     "zen 4", "ratio", "zen 3", "ratio")
      << std::flush;
  for (const std::string name : {"seed", "medium", "wide", "large"}) {
    if (name == "large" && !has_room_for_large()) {
      out << "large needs 7.5 GB of memory: left out.\n";
      continue;
    }
    if (!std::filesystem::exists(options.data + "/" + name + "/manifest.json"))
      make_data(options.data, name, examples_of(name), 8192);
    Options mine = options;
    mine.workload = name, mine.evaluate = false;
    const Workload workload = load_workload(mine);
    const auto show = [&](const char* mode, auto run) {
      const auto rate = run(mine, workload).value("examples_per_s", nlohmann::ordered_json());
      out << target_lines(name, mode, rate.is_number() ? rate.template get<double>() : 0.0) << std::flush;
    };
    show("e2e", run_e2e);
    show("step", run_step);
    show("input", run_input);
  }
}

TEST_CASE("weft_bench targets: every workload and mode has one, with its ratio") {
  for (const char* workload : {"seed", "medium", "wide", "large"})
    for (const char* mode : {"e2e", "step", "input"}) CHECK_FALSE(target_lines(workload, mode, 1e6).empty());
  const std::string lines = target_lines("medium", "step", 106'200);
  CHECK(lines.find("53.1k   2.00") != std::string::npos);
  CHECK(lines.find("FBGEMM") != std::string::npos);
  CHECK(target_lines("large", "step", 1e5).find("-") != std::string::npos);
  CHECK(target_lines("seed", "predict", 1).empty());
}

}  // namespace weft::bench
