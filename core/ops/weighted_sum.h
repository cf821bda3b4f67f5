// weighted_sum: what a linear model does with its columns.
#pragma once
#include <weft/core/parameter.h>
#include <weft/core/tape.h>

#include <cstdint>
#include <span>

namespace weft {

/// Some neighbouring columns of a weighted sum's input.
struct WeightedBlock {
  int64_t first = 0;
  int64_t width = 0;
  Parameter* kernel = nullptr;  ///< [width, units]; null: the columns are sums already, one a unit
  bool constant = false;        ///< nothing flows back into these columns
};

/// bias + the sum of all x[:, block] kernel: x [batch, inputs], bias [units] -> [batch, units]. The blocks must live as
/// long as the tape. Throws ValueError if a block or kernel doesn't fit.
Var weighted_sum(Var x, std::span<const WeightedBlock> blocks, Parameter& bias);

}  // namespace weft
