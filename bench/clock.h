// Clock: examples a second over windows, and what this process and the others used meanwhile.
#pragma once
#include <weft/core/stage_timer.h>

#include <chrono>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <vector>

namespace weft::bench {

/// Seconds since this process was started (resolution: a clock tick of the kernel, 10 ms).
double process_age();
/// CPU seconds used by this process.
double cpu_seconds();
/// CPU seconds used by everybody on this machine, time stolen by the hypervisor included.
double busy_seconds();
/// The most memory this process has had, MB.
double peak_rss_mb();
/// Rounded to so many decimals, for the result line.
double rounded(double value, int decimals);

struct ClockOptions {
  double seconds = 6.0;       ///< to be counted
  double warm_seconds = 1.0;  ///< not counted: the first so many seconds ...
  int64_t warm_steps = 5;     ///< ... and the first so many steps
  double window = 0.5;
  StageTimes* stages = nullptr;  ///< set to zero when counting begins
};

/// Throughput of a loop: tick() after every step.
class Clock {
 public:
  explicit Clock(const ClockOptions& options);
  /// False when enough has been counted.
  bool tick(int64_t examples);
  double counted_seconds() const;
  /// The fields examples_per_s (null if nothing was counted), window_*, ms_per_step, cpu_per_wall, foreign_cpu,
  /// time_to_first_step_s.
  nlohmann::ordered_json result() const;

 private:
  using Time = std::chrono::steady_clock::time_point;
  ClockOptions options_;
  Time made_;
  bool started_ = false;
  Time start_, window_start_, last_;
  int64_t steps_ = 0, warm_steps_ = 0, examples_ = 0, window_examples_ = 0;
  double cpu_start_ = 0, cpu_last_ = 0, busy_start_ = 0, first_step_age_ = 0;
  std::vector<double> windows_;
};

}  // namespace weft::bench
