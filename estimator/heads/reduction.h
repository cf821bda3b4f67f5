// Reductions: how the losses of a batch become one number.
#pragma once
#include <weft/core/ops/ops.h>

#include <span>
#include <string_view>

namespace weft {

/// Losses of examples become one number (tf.compat.v1.losses.compute_weighted_loss); weights [n] or empty.
double reduce_losses(std::span<const float> losses, std::span<const float> weights, Reduction reduction);

/// "SUM", "MEAN", "SUM_OVER_BATCH_SIZE", "SUM_OVER_NONZERO_WEIGHTS" or "SUM_BY_NONZERO_WEIGHTS", in capitals or small
/// letters. Throws ValueError for another ("NONE" too: a loss must be one number).
Reduction reduction_of(std::string_view name);

}  // namespace weft
