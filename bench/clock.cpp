// Clock: the counting rules of the peers, so that the figures mean the same.
#include "clock.h"

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>
#include <string>

namespace weft::bench {
namespace {

double between(std::chrono::steady_clock::time_point a, std::chrono::steady_clock::time_point b) {
  return std::chrono::duration<double>(b - a).count();
}

double ticks_per_second() {
  return static_cast<double>(sysconf(_SC_CLK_TCK));
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t middle = values.size() / 2;
  return values.size() % 2 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

}  // namespace

double process_age() {
  std::ifstream file("/proc/self/stat");
  std::string text((std::istreambuf_iterator<char>(file)), {});
  // The second field is the program's name, in parentheses; the start time is the 20th after it.
  std::istringstream fields(text.substr(text.rfind(')') + 1));
  std::string skipped;
  for (int i = 0; i < 19; i++) fields >> skipped;
  double start = 0;
  fields >> start;
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec) - start / ticks_per_second();
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double busy_seconds() {
  std::ifstream file("/proc/stat");
  std::string cpu;
  double v[8] = {};  // user, nice, system, idle, iowait, irq, softirq, steal
  file >> cpu;
  for (double& value : v) file >> value;
  return (v[0] + v[1] + v[2] + v[5] + v[6] + v[7]) / ticks_per_second();
}

double peak_rss_mb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return rounded(static_cast<double>(usage.ru_maxrss) / 1024.0, 1);
}

double rounded(double value, int decimals) {
  const double scale = std::pow(10.0, decimals);
  return std::round(value * scale) / scale;
}

Clock::Clock(const ClockOptions& options) : options_(options), made_(std::chrono::steady_clock::now()) {}

bool Clock::tick(int64_t examples) {
  const Time now = std::chrono::steady_clock::now();
  if (++steps_ == 1) first_step_age_ = process_age();
  if (!started_) {
    if (steps_ < options_.warm_steps || between(made_, now) < options_.warm_seconds) return true;
    started_ = true;
    start_ = window_start_ = last_ = now;
    warm_steps_ = steps_;
    cpu_start_ = cpu_last_ = cpu_seconds();
    busy_start_ = busy_seconds();
    if (options_.stages != nullptr) options_.stages->clear();
    return true;
  }
  examples_ += examples;
  window_examples_ += examples;
  last_ = now;
  cpu_last_ = cpu_seconds();
  if (const double length = between(window_start_, now); length >= options_.window) {
    windows_.push_back(static_cast<double>(window_examples_) / length);
    window_start_ = now;
    window_examples_ = 0;
  }
  return between(start_, now) < options_.seconds;
}

double Clock::counted_seconds() const {
  return started_ ? between(start_, last_) : 0.0;
}

nlohmann::ordered_json Clock::result() const {
  nlohmann::ordered_json out;
  const double seconds = counted_seconds();
  if (seconds <= 0.0) {
    out["examples_per_s"] = nullptr;
  } else {
    const double wall = between(start_, std::chrono::steady_clock::now());
    const double foreign = (busy_seconds() - busy_start_ - (cpu_seconds() - cpu_start_)) / wall;
    out["foreign_cpu"] = rounded(std::max(0.0, foreign), 3);
    out["examples"] = examples_;
    out["seconds"] = rounded(seconds, 4);
    out["examples_per_s"] = rounded(static_cast<double>(examples_) / seconds, 1);
    out["cpu_per_wall"] = rounded((cpu_last_ - cpu_start_) / seconds, 3);
    out["ms_per_step"] = rounded(1e3 * seconds / static_cast<double>(steps_ - warm_steps_), 4);
  }
  if (!windows_.empty()) {
    const auto [least, most] = std::minmax_element(windows_.begin(), windows_.end());
    out["window_median"] = rounded(median(windows_), 1);
    out["window_min"] = rounded(*least, 1);
    out["window_max"] = rounded(*most, 1);
  }
  if (steps_ > 0) out["time_to_first_step_s"] = rounded(first_step_age_, 3);
  return out;
}

TEST_CASE("weft_bench clock: warm steps are not counted") {
  Clock clock({.seconds = 0.0, .warm_seconds = 0.0, .warm_steps = 2});
  CHECK(clock.tick(10));
  CHECK(clock.result()["examples_per_s"].is_null());
  CHECK(clock.tick(100));
  CHECK_FALSE(clock.tick(1000));
  CHECK(clock.result()["examples"] == 1000);
}

TEST_CASE("weft_bench clock: a window gives its median") {
  CHECK(median({3.0, 1.0, 2.0}) == 2.0);
  CHECK(median({4.0, 1.0}) == 2.5);
  CHECK(rounded(1.23456, 3) == 1.235);
}

}  // namespace weft::bench
