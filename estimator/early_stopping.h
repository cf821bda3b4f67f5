// Early stopping: when evaluations say that training may end (tf.estimator.experimental.stop_if_*_hook).
#pragma once
#include <weft/estimator/training/summary_hook.h>

#include <cstdint>
#include <functional>
#include <string>

namespace weft {

/// Whether the evaluations so far ask for the end. Of the model's whole life, in the order of their steps.
using StopCondition = std::function<bool(const EvalHistory& history)>;

struct StopIfNoDecreaseOptions {
  std::string metric_name = "loss";
  /// Steps after the best evaluation, at least 1.
  int64_t max_steps_without_decrease = 0;
  /// Evaluations before this step don't count.
  int64_t min_steps = 0;
};
/// Throws ValueError for steps that can't be; the condition does for a metric that isn't there.
StopCondition stop_if_no_decrease(const StopIfNoDecreaseOptions& options);

struct StopIfNoIncreaseOptions {
  std::string metric_name = "loss";
  int64_t max_steps_without_increase = 0;
  int64_t min_steps = 0;
};
StopCondition stop_if_no_increase(const StopIfNoIncreaseOptions& options);

struct StopAtThresholdOptions {
  std::string metric_name = "loss";
  double threshold = 0.0;
  int64_t min_steps = 0;
};
/// As soon as an evaluation is above the threshold.
StopCondition stop_if_higher(const StopAtThresholdOptions& options);
/// As soon as one is below it.
StopCondition stop_if_lower(const StopAtThresholdOptions& options);

}  // namespace weft
