// Targets: peers' figures are stored here with their machines; a ratio to another machine's figure is an indication.
#include "targets.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <ostream>
#include <string_view>

#include "in_child.h"
#include "make_data.h"
#include "modes.h"

namespace weft::bench {
namespace {

/// Asked for: at least `ratio` times the peer. Thousands of examples a second; 0: not measured. Adagrad unless said,
/// two threads (`seed`'s step: one). `zen4`: two virtual CPUs of an AMD EPYC with AVX-512, `zen3`: two with AVX2.
/// TensorFlow 2.15.1, FBGEMM 1.9.0; README.md says how.
struct Ratio {
  std::string_view workload, run, peer;
  double ratio;
  double zen4, zen3;
};
constexpr std::array kRatios = {
    Ratio{"seed", "e2e", "TF function", 7.0, 214, 208},
    Ratio{"seed", "e2e", "Estimator", 17.0, 61, 0},
    Ratio{"seed", "step", "TF function", 4.5, 358, 286},
    Ratio{"seed", "input", "tf.data, chunks", 10.0, 366, 233},
    Ratio{"seed", "predict", "Estimator", 4.0, 219, 106},
    Ratio{"medium", "e2e", "TF function", 2.5, 39.3, 29.1},
    Ratio{"medium", "e2e", "Estimator", 6.0, 15.5, 0},
    Ratio{"medium", "step", "TF function", 2.0, 53.1, 47},
    Ratio{"medium", "step", "FBGEMM", 2.6, 40.2, 35.2},
    Ratio{"medium", "step adam", "TF function", 4.0, 11.2, 0},
    Ratio{"medium", "input", "tf.data, chunks", 4.5, 186, 120},
    Ratio{"medium", "predict", "Estimator", 4.0, 57, 27},
    Ratio{"wide", "e2e", "TF function", 2.2, 47.3, 31.1},
    Ratio{"wide", "step", "TF function", 1.9, 76.8, 43.2},
    Ratio{"wide", "input", "tf.data, chunks", 4.0, 153, 83.5},
    Ratio{"large", "e2e", "TF function", 2.8, 136, 78.4},
    Ratio{"large", "step", "TF function", 2.6, 145, 0},
    Ratio{"large", "step", "FBGEMM", 3.6, 103, 0},
    Ratio{"large", "input", "tf.data, chunks", 12.0, 825, 468},
};

/// Asked for: at most so much of a number of the result line.
struct Limit {
  std::string_view workload, run, what, pointer, unit;
  double most;
};
constexpr std::array kLimits = {
    Limit{"seed", "e2e", "memory", "/peak_rss_mb", "MB", 60},
    Limit{"seed", "e2e", "start to first step", "/time_to_first_step_s", "s", 0.15},
    Limit{"seed", "predict", "one example, p50", "/latency/p50_us", "us", 5},
    Limit{"medium", "e2e", "start to first step", "/time_to_first_step_s", "s", 1},
    Limit{"medium", "predict", "one example, p50", "/latency/p50_us", "us", 30},
    Limit{"large", "e2e", "memory", "/peak_rss_mb", "MB", 5300},
    Limit{"large", "ckpt", "restore", "/checkpoint/restore_s", "s", 2},
};

/// Enough for some seconds of training; an epoch is repeated.
int64_t examples_of(std::string_view workload) {
  return workload == "seed" ? 200'000 : workload == "large" ? 160'000 : 80'000;
}

std::string beside(double weft, double peer) {
  return peer > 0 ? fmt::format("{:>8.1f}k{:>7.2f}", peer, weft / 1e3 / peer) : fmt::format("{:>9}{:>7}", "-", "-");
}

double number(const nlohmann::ordered_json& result, std::string_view pointer) {
  const auto place = nlohmann::ordered_json::json_pointer(std::string(pointer));
  return result.contains(place) && result[place].is_number() ? result[place].get<double>() : 0.0;
}

bool has_room_for_large() {
  return static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE)) > 7.5e9;
}

using Mode = nlohmann::ordered_json (*)(const Options&, const Workload&);

/// Runs a mode in a child and prints the lines of its targets. Gives its examples a second.
double show(const Options& options, std::string_view run, Mode mode, std::ostream& out) {
  const auto result = in_child([&] { return mode(options, load_workload(options)); });
  out << target_lines(options.workload, std::string(run), result) << std::flush;
  return number(result, "/examples_per_s");
}

void run_workload(Options options, std::ostream& out) {
  const std::string& name = options.workload;
  if (!std::filesystem::exists(options.data + "/" + name + "/manifest.json"))
    in_child([&] {
      make_data(options.data, name, examples_of(name), 8192);
      return nlohmann::ordered_json::object();
    });
  options.evaluate = false;
  show(options, "e2e", run_e2e, out);
  const int threads = options.threads;
  if (name == "seed") options.threads = 1;
  const double step = show(options, "step", run_step, out);
  options.threads = threads;
  show(options, "input", run_input, out);
  if (name == "large") show(options, "ckpt", run_checkpoint, out);
  if (name == "seed" || name == "medium") show(options, "predict", run_predict, out);
  if (name != "medium") return;
  options.optimizer = "adam";
  show(options, "step adam", run_step, out);
  options.optimizer = "adagrad";
  options.bfloat16 = true;
  const double narrow = show(options, "step bfloat16", run_step, out);
  out << fmt::format("{:<8}{:<14}{:>9.1f}k  {:<20}{:>7.1f}{:>9}{:>7.2f}\n", name, "step bfloat16", narrow / 1e3,
                     "weft in float32", 1.4, "", narrow / step);
}

}  // namespace

std::string target_lines(const std::string& workload, const std::string& run, const nlohmann::ordered_json& result) {
  const double weft = number(result, "/examples_per_s");
  std::string text;
  for (const Ratio& t : kRatios) {
    if (t.workload != workload || t.run != run) continue;
    text += fmt::format("{:<8}{:<14}{:>9.1f}k  {:<20}{:>7.1f}{}{}\n", workload, run, weft / 1e3, t.peer, t.ratio,
                        beside(weft, t.zen4), beside(weft, t.zen3));
  }
  for (const Limit& t : kLimits) {
    if (t.workload != workload || t.run != run) continue;
    text += fmt::format("{:<8}{:<14}{:>7.2f} {:<2}  {:<20}{:>7} {}\n", workload, run, number(result, t.pointer), t.unit,
                        t.what, fmt::format("<= {}", t.most), t.unit);
  }
  return text;
}

void run_targets(const Options& options, std::ostream& out) {
  out << "Examples a second, and ratios to peers' STORED figures of two other machines: indications, for another\n"
         "machine is not this one. README.md says how to run the peers here, in turn with weft.\n\n"
      << fmt::format("{:<8}{:<14}{:>10}  {:<20}{:>7}{:>9}{:>7}{:>9}{:>7}\n", "", "run", "weft", "peer", "asked",
                     "zen 4", "ratio", "zen 3", "ratio")
      << std::flush;
  for (const std::string name : {"seed", "medium", "wide", "large"}) {
    if (name == "large" && !has_room_for_large()) {
      out << "large needs 7.5 GB of memory: left out.\n";
      continue;
    }
    Options mine = options;
    mine.workload = name;
    run_workload(mine, out);
  }
}

TEST_CASE("weft_bench targets: every workload and mode has one, with its ratio; limits have their number") {
  const nlohmann::ordered_json line = {{"examples_per_s", 106'200.0}, {"latency", {{"p50_us", 2.5}}}};
  for (const char* workload : {"seed", "medium", "wide", "large"})
    for (const char* run : {"e2e", "step", "input"}) CHECK_FALSE(target_lines(workload, run, line).empty());
  const std::string lines = target_lines("medium", "step", line);
  CHECK(lines.find("53.1k   2.00") != std::string::npos);
  CHECK(lines.find("FBGEMM") != std::string::npos);
  CHECK(target_lines("large", "step", line).find("-") != std::string::npos);
  CHECK(target_lines("seed", "predict", line).find("2.50 us") != std::string::npos);
  CHECK(target_lines("wide", "predict", line).empty());
}

}  // namespace weft::bench
