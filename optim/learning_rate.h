// LearningRate: a number, or a schedule: a function of the steps done before (ParameterStore::global_step).
#pragma once
#include <cstdint>
#include <functional>
#include <vector>

namespace weft {

/// A value; a plain number stands for a rate that never changes.
class LearningRate {
 public:
  using Schedule = std::function<float(int64_t step)>;
  LearningRate(float rate) : first_(rate) {}
  /// `schedule` gives the rate of the step after `step` others; called once a step, by one thread.
  explicit LearningRate(Schedule schedule) : schedule_(std::move(schedule)), first_(schedule_(0)) {}
  /// The rate of the step after `step` others.
  float at(int64_t step) const { return schedule_ ? schedule_(step) : first_; }
  bool constant() const { return !schedule_; }

 private:
  Schedule schedule_;
  float first_;
};

// The schedules of tf.compat.v1.train and tf.keras.optimizers.schedules, computed in float32 as there. Each throws
// ValueError for numbers that give no rate (steps below 1, rates that are not finite).

struct ExponentialDecayOptions {
  float initial_learning_rate = 0.0f;
  int64_t decay_steps = 0;
  float decay_rate = 0.0f;
  /// Falls at every multiple of decay_steps only.
  bool staircase = false;
};
/// initial * decay_rate ^ (step / decay_steps).
LearningRate exponential_decay(const ExponentialDecayOptions& options);

struct InverseTimeDecayOptions {
  float initial_learning_rate = 0.0f;
  int64_t decay_steps = 1;
  float decay_rate = 0.0f;
  bool staircase = false;
};
/// initial / (1 + decay_rate * step / decay_steps); with decay_steps = 1 the argument `decay` of Keras' optimizers.
LearningRate inverse_time_decay(const InverseTimeDecayOptions& options);

struct PolynomialDecayOptions {
  float initial_learning_rate = 0.0f;
  int64_t decay_steps = 0;
  float end_learning_rate = 0.0001f;
  float power = 1.0f;
  /// Past the end decay_steps grows to its next multiple, in place of staying at the end.
  bool cycle = false;
};
/// (initial - end) * (1 - step / decay_steps) ^ power + end.
LearningRate polynomial_decay(const PolynomialDecayOptions& options);

struct CosineDecayOptions {
  float initial_learning_rate = 0.0f;
  int64_t decay_steps = 0;
  /// What is left at the end, as a part of the initial rate.
  float alpha = 0.0f;
};
/// initial * ((1 - alpha) * (1 + cos(pi * step / decay_steps)) / 2 + alpha) (Loshchilov and Hutter, 2016).
LearningRate cosine_decay(const CosineDecayOptions& options);

struct CosineDecayRestartsOptions {
  float initial_learning_rate = 0.0f;
  int64_t first_decay_steps = 0;
  /// Each period is so many times as long, and starts at so many times the rate, as the one before.
  float t_mul = 2.0f;
  float m_mul = 1.0f;
  float alpha = 0.0f;
};
LearningRate cosine_decay_restarts(const CosineDecayRestartsOptions& options);

struct PiecewiseConstantOptions {
  std::vector<int64_t> boundaries;
  std::vector<float> values;  ///< one more than boundaries
};
/// values[0] while step <= boundaries[0], values[1] while step <= boundaries[1] ...
LearningRate piecewise_constant(const PiecewiseConstantOptions& options);

struct LinearWarmupOptions {
  int64_t warmup_steps = 0;
  /// What follows; its steps count from the end of the warm-up.
  LearningRate then = 0.0f;
  float initial_learning_rate = 0.0f;
};
/// From initial_learning_rate in a straight line to where `then` starts, as Keras' CosineDecay with warmup_target.
LearningRate linear_warmup(const LinearWarmupOptions& options);

}  // namespace weft
