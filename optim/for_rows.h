// What the rules share: the loop they run in, the checks of their arguments.
#pragma once
#include <weft/core/kernels.h>
#include <weft/optim/optimizer.h>

#include <algorithm>
#include <cstddef>

namespace weft {

/// Throws ValueError unless the rate is finite.
void check_learning_rate(const char* optimizer, const LearningRate& learning_rate);
/// Throws ValueError "<name> <value> needs to be positive or zero ..." for a negative number or one that isn't finite.
void check_not_negative(const char* optimizer, const char* name, float value);

/// Calls rule(value, slots, gradient, n) for each row of the update, asking for the memory of rows further on.
template <class Rule>
void for_rows(const UpdateRows& u, int slot_count, const Rule& rule) {
  constexpr int64_t kAhead = 8;
  for (int64_t i = 0; i < u.count; ++i) {
    if (u.rows != nullptr) {
      // Slots of a table lie right behind the values: asking for value and slots is one stretch of memory.
      const char* next =
          reinterpret_cast<const char*>(u.value + u.rows[std::min(i + kAhead, u.count - 1)] * u.value_stride);
      for (int64_t byte = 0; byte < 4 * u.value_stride; byte += 64) __builtin_prefetch(next + byte, 1);
    }
    const int64_t row = u.rows != nullptr ? u.rows[i] : i;
    float* slots[UpdateRows::kMaxSlots];
    for (int s = 0; s < slot_count; ++s) slots[s] = u.slots[s] + row * u.slot_strides[s];
    rule(u.value + row * u.value_stride, slots, u.gradients + i * u.width, u.width);
  }
}

/// Runs one of the kernels' rules on each row, with the step's numbers.
inline void run_rule(const UpdateRows& u, int slot_count, kernels::Rule rule) {
  for_rows(u, slot_count, [&](float* value, float** slots, const float* gradient, int64_t n) {
    kernels::RuleArgs args{{value}, gradient, n, u.numbers};
    for (int s = 0; s < slot_count; ++s) args.arrays[s + 1] = slots[s];
    rule(args);
  });
}

/// A rule of the kernels that this processor runs best.
using KernelRule = kernels::Rule kernels::Rules::*;
inline std::function<void(const UpdateRows&)> kernel_rule(KernelRule rule, size_t slot_count) {
  return [rule, slot_count](const UpdateRows& u) {
    run_rule(u, static_cast<int>(slot_count), kernels::best().rules.*rule);
  };
}

}  // namespace weft
