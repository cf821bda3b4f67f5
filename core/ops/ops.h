// The ops, one a file beside this one. Each is a free function that records itself on the tape of its input.
#pragma once
#include <weft/core/features.h>
#include <weft/core/ops/activations.h>
#include <weft/core/ops/arithmetic.h>
#include <weft/core/ops/embedding_lookup.h>
#include <weft/core/ops/normalization.h>
#include <weft/core/parameter.h>
#include <weft/core/tape.h>

#include <span>

namespace weft {

/// activation(x W + b): x [batch, inputs], kernel [inputs, units], bias [units] -> [batch, units].
/// tf.nn.bias_add(tf.matmul).
Var linear(Var x, Parameter& kernel, Parameter& bias, Activation activation = nullptr);

/// [batch, w0], [batch, w1], ... -> [batch, w0 + w1 + ...].
Var concat(std::span<const Var> parts);

/// The sum of all numbers, a scalar.
Var sum(Var x);
/// Their mean, a scalar; 0 elements give NaN, as tf.reduce_mean.
Var mean(Var x);

/// How the losses of a batch become one number (tf.compat.v1.losses.Reduction). With weights w: SUM is sum(w l), MEAN
/// divides it by sum(w), SUM_OVER_BATCH_SIZE by the number of rows, SUM_OVER_NONZERO_WEIGHTS by the number of w != 0;
/// dividing by 0 gives 0.
enum class Reduction { sum, mean, sum_over_batch_size, sum_over_nonzero_weights };

/// tf.nn.sigmoid_cross_entropy_with_logits, reduced to a scalar: max(x, 0) - x y + log(1 + exp(-|x|)).
/// logits [batch, 1]; labels [batch] in [0, 1]; weights [batch] or empty. Throws ValueError on other shapes.
struct LossOptions {
  std::span<const float> weights = {};
  Reduction reduction = Reduction::sum;
};
Var sigmoid_cross_entropy(Var logits, std::span<const float> labels, const LossOptions& options = {});
/// The same with the labels as a batch has them: dense [batch, 1] or [batch], floating or integer.
Var sigmoid_cross_entropy(Var logits, const Feature& labels, const LossOptions& options = {});

/// tf.nn.sparse_softmax_cross_entropy_with_logits, reduced: logits [batch, classes]; labels [batch] in [0, classes).
Var softmax_cross_entropy(Var logits, std::span<const int64_t> labels, const LossOptions& options = {});
Var softmax_cross_entropy(Var logits, const Feature& labels, const LossOptions& options = {});

}  // namespace weft
