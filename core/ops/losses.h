// The losses: from the outputs of a batch to one number.
#pragma once
#include <weft/core/features.h>
#include <weft/core/tape.h>

#include <cstdint>
#include <span>

namespace weft {

/// How the losses of a batch become one number (tf.compat.v1.losses.Reduction). With weights w: SUM is sum(w l), MEAN
/// divides it by sum(w), SUM_OVER_BATCH_SIZE by the number of rows, SUM_OVER_NONZERO_WEIGHTS by the number of w != 0;
/// dividing by 0 gives 0.
enum class Reduction { sum, mean, sum_over_batch_size, sum_over_nonzero_weights };

struct LossOptions {
  std::span<const float> weights = {};
  Reduction reduction = Reduction::sum;
};

/// tf.nn.sigmoid_cross_entropy_with_logits, reduced to a scalar: max(x, 0) - x y + log(1 + exp(-|x|)).
/// logits [batch, 1]; labels [batch] in [0, 1]; weights [batch] or empty. Throws ValueError on other shapes.
Var sigmoid_cross_entropy(Var logits, std::span<const float> labels, const LossOptions& options = {});
/// The same with the labels as a batch has them: dense [batch, 1] or [batch], floating or integer.
Var sigmoid_cross_entropy(Var logits, const Feature& labels, const LossOptions& options = {});

/// tf.nn.sparse_softmax_cross_entropy_with_logits, reduced: logits [batch, classes]; labels [batch] in [0, classes).
Var softmax_cross_entropy(Var logits, std::span<const int64_t> labels, const LossOptions& options = {});
Var softmax_cross_entropy(Var logits, const Feature& labels, const LossOptions& options = {});

/// (x - y)^2 of every number, reduced to a scalar (tf.compat.v1.losses.mean_squared_error). predictions
/// [batch, dimension]; labels and weights one a number, in the same order (weights may be empty). The reductions count
/// numbers, not rows. Throws ValueError on other shapes.
Var mean_squared_error(Var predictions, std::span<const float> labels, const LossOptions& options = {});

/// The mean over the classes of the sigmoid cross entropies of a row, reduced over the rows: logits [batch, classes];
/// labels as many, each in [0, 1]; weights [batch] or empty. Throws ValueError on other shapes.
Var multi_label_cross_entropy(Var logits, std::span<const float> labels, const LossOptions& options = {});

}  // namespace weft
