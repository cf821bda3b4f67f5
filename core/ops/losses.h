// Losses of several numbers an example: of regressions and of examples with any number of labels.
#pragma once
#include <weft/core/ops/ops.h>

#include <span>

namespace weft {

/// (x - y)^2 of every number, reduced to a scalar (tf.compat.v1.losses.mean_squared_error). predictions
/// [batch, dimension]; labels and weights one a number, in the same order (weights may be empty). The reductions count
/// numbers, not rows. Throws ValueError on other shapes.
Var mean_squared_error(Var predictions, std::span<const float> labels, const LossOptions& options = {});

/// The mean over the classes of the sigmoid cross entropies of a row, reduced over the rows: logits [batch, classes];
/// labels as many, each in [0, 1]; weights [batch] or empty. Throws ValueError on other shapes.
Var multi_label_cross_entropy(Var logits, std::span<const float> labels, const LossOptions& options = {});

}  // namespace weft
