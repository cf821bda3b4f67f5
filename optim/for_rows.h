// What the rules share: how they are run, the checks of their arguments.
#pragma once
#include <weft/core/kernels.h>
#include <weft/core/prefetch.h>
#include <weft/optim/optimizer.h>

#include <algorithm>
#include <cstddef>

namespace weft {

/// Throws ValueError unless the rate is finite.
void check_learning_rate(const char* optimizer, const LearningRate& learning_rate);
/// Throws ValueError "<name> <value> needs to be positive or zero ..." for a negative number or one that isn't finite.
void check_not_negative(const char* optimizer, const char* name, float value);

/// Runs one of the kernels' rules on the rows, with the step's numbers.
inline void run_rule(const UpdateRows& u, int slot_count, kernels::Rule rule) {
  kernels::RuleArgs args{{u.value},         {u.value_stride}, u.rows,  u.gradients,
                         u.gradient_stride, u.count,          u.width, u.numbers};
  for (int s = 0; s < slot_count; ++s) {
    args.arrays[s + 1] = u.slots[s];
    args.strides[s + 1] = u.slot_strides[s];
  }
  rule(args);
}

/// A rule of the kernels that this processor runs best.
using KernelRule = kernels::Rule kernels::Rules::*;
inline std::function<void(const UpdateRows&)> kernel_rule(KernelRule rule, size_t slot_count) {
  return [rule, slot_count](const UpdateRows& u) {
    run_rule(u, static_cast<int>(slot_count), kernels::best().rules.*rule);
  };
}

/// Calls f(row, from, steps) for the rows that are behind, asking for the memory of rows further on. Slots of a table
/// lie right behind the values.
template <class F>
void for_behind(const DeferredRows::Missed& missed, const UpdateRows& arrays, const F& f) {
  constexpr size_t kRowsAhead = 6;
  const auto bytes = static_cast<size_t>(arrays.value_stride) * sizeof(float);
  const auto numbers = [&](size_t i) { return arrays.value + missed.rows[i].row * arrays.value_stride; };
  const size_t count = missed.rows.size();
  for (size_t i = 0; i < std::min(kRowsAhead, count); ++i) prefetch(numbers(i), bytes);
  for (size_t i = 0; i < count; ++i) {
    if (i + kRowsAhead < count) prefetch(numbers(i + kRowsAhead), bytes);
    f(missed.rows[i].row, missed.rows[i].from, missed.of(missed.rows[i]));
  }
}

}  // namespace weft
