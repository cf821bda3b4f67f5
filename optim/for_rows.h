// What the rules share: the loop they run in, the check of a rate.
#pragma once
#include <weft/optim/optimizer.h>

#include <algorithm>

namespace weft {

/// Throws ValueError unless the rate is finite.
void check_learning_rate(const char* optimizer, float learning_rate);

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

}  // namespace weft
