// find_not_finite: the first infinity or NaN in a model's parameters and slots.
#pragma once
#include <weft/core/parameter.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace weft {

/// False if a number is infinite or NaN.
bool all_finite(std::span<const float> numbers);

/// A number of a parameter that is infinite or NaN.
struct NotFinite {
  const Parameter* parameter = nullptr;
  std::string slot = {};  ///< of this slot; empty: of the parameter itself
  int64_t row = 0;
  float number = 0.0f;
};

/// The first one, by parameter and row; the same for any number of threads. Reads everything once.
std::optional<NotFinite> find_not_finite(const ParameterStore& params);

}  // namespace weft
