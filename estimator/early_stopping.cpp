// Early stopping: conditions on the history of evaluations.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/estimator/early_stopping.h>

#include <optional>

namespace weft {

namespace {

void check_steps(const char* name, int64_t steps, int64_t min_steps) {
  if (steps < 1) {
    throw ValueError(
        fmt::format("[early_stopping] {}: got {}, expected at least 1. Give a number of steps.", name, steps));
  }
  if (min_steps < 0) {
    throw ValueError(fmt::format("[early_stopping] min_steps: got {}, expected 0 or more. Leave it out.", min_steps));
  }
}

// The best value and where it was; the end is asked for once it lies `most` steps back. `sign` 1: smaller is better.
StopCondition no_improvement(std::string metric_name, int64_t most, int64_t min_steps, double sign) {
  return [=](const EvalHistory& history) {
    std::optional<double> best;
    int64_t best_step = 0;
    for (const auto& [step, metrics] : history) {
      if (step < min_steps) continue;
      const double value = sign * metrics[metric_name];
      if (!best || value < *best) best = value, best_step = step;
      if (step - best_step >= most) return true;
    }
    return false;
  };
}

StopCondition crossed(const StopAtThresholdOptions& options, double sign) {
  check_steps("steps", 1, options.min_steps);
  return [options, sign](const EvalHistory& history) {
    for (const auto& [step, metrics] : history) {
      if (step >= options.min_steps && sign * metrics[options.metric_name] < sign * options.threshold) return true;
    }
    return false;
  };
}

}  // namespace

StopCondition stop_if_no_decrease(const StopIfNoDecreaseOptions& options) {
  check_steps("max_steps_without_decrease", options.max_steps_without_decrease, options.min_steps);
  return no_improvement(options.metric_name, options.max_steps_without_decrease, options.min_steps, 1.0);
}

StopCondition stop_if_no_increase(const StopIfNoIncreaseOptions& options) {
  check_steps("max_steps_without_increase", options.max_steps_without_increase, options.min_steps);
  return no_improvement(options.metric_name, options.max_steps_without_increase, options.min_steps, -1.0);
}

StopCondition stop_if_higher(const StopAtThresholdOptions& options) {
  return crossed(options, -1.0);
}

StopCondition stop_if_lower(const StopAtThresholdOptions& options) {
  return crossed(options, 1.0);
}

#ifndef DOCTEST_CONFIG_DISABLE
namespace {

EvalHistory losses(const std::map<int64_t, double>& values) {
  EvalHistory history;
  for (const auto& [step, value] : values) history[step].set("loss", value);
  return history;
}

}  // namespace

TEST_CASE("early stopping: no decrease for so many steps, equal is no decrease") {
  const StopCondition stop = stop_if_no_decrease({.max_steps_without_decrease = 20});
  CHECK_FALSE(stop({}));
  CHECK_FALSE(stop(losses({{10, 3.0}, {20, 2.0}, {30, 2.5}})));
  CHECK(stop(losses({{10, 3.0}, {20, 2.0}, {30, 2.5}, {40, 2.0}})));
  CHECK_FALSE(stop(losses({{10, 3.0}, {20, 2.0}, {30, 2.5}, {40, 1.9}})));
  const StopCondition later = stop_if_no_decrease({.max_steps_without_decrease = 20, .min_steps = 30});
  CHECK_FALSE(later(losses({{10, 1.0}, {30, 2.5}, {40, 2.6}})));
  CHECK(later(losses({{10, 1.0}, {30, 2.5}, {50, 2.6}})));
}

TEST_CASE("early stopping: no increase, and thresholds") {
  CHECK(stop_if_no_increase({.max_steps_without_increase = 5})(losses({{1, 2.0}, {6, 1.0}})));
  CHECK_FALSE(stop_if_no_increase({.max_steps_without_increase = 5})(losses({{1, 2.0}, {6, 3.0}})));
  CHECK(stop_if_higher({.threshold = 2.5})(losses({{1, 2.0}, {6, 3.0}})));
  CHECK_FALSE(stop_if_higher({.threshold = 3.0})(losses({{1, 2.0}, {6, 3.0}})));
  CHECK(stop_if_lower({.threshold = 2.5})(losses({{1, 2.0}, {6, 3.0}})));
  CHECK_FALSE(stop_if_lower({.threshold = 2.5, .min_steps = 2})(losses({{1, 2.0}, {6, 3.0}})));
}

TEST_CASE("early stopping: what can't be") {
  CHECK_THROWS_AS(stop_if_no_decrease({}), ValueError);
  CHECK_THROWS_AS(stop_if_no_increase({.max_steps_without_increase = 1, .min_steps = -1}), ValueError);
  CHECK_THROWS_AS(stop_if_lower({.metric_name = "auc"})(losses({{1, 2.0}})), ValueError);
}
#endif

}  // namespace weft
