// What the loss ops share: weights, reductions, checks.
#pragma once
#include <weft/core/ops/ops.h>

#include <string_view>

namespace weft::detail {

/// What each row's loss is multiplied by, and what the sum is divided by.
struct LossWeights {
  Buffer factors;  ///< float [batch]: weight / divisor
};
/// Throws ValueError if there are weights, but not one a row.
LossWeights loss_weights(std::string_view op, int64_t batch, const LossOptions& options);

/// Labels of a batch as float32 [batch]; throws ValueError (with TensorFlow's words) unless they are dense, [batch] or
/// [batch, 1], and numbers.
Tensor label_values(std::string_view op, const Feature& labels, int64_t batch);

}  // namespace weft::detail
