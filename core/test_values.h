// values_of: all numbers of a store's parameters, to compare two models bit for bit. For tests only.
#pragma once
#include <weft/core/parameter.h>

#include <vector>

namespace weft {

inline std::vector<float> values_of(const ParameterStore& params) {
  std::vector<float> all;
  for (const Parameter& parameter : params) {
    const RowsView value = parameter.value();
    for (int64_t i = 0; i < value.rows; ++i) all.insert(all.end(), value.row(i).begin(), value.row(i).end());
  }
  return all;
}

}  // namespace weft
