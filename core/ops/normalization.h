// Normalisation of rows and columns, and dropout.
#pragma once
#include <weft/core/parameter.h>
#include <weft/core/random.h>
#include <weft/core/tape.h>

namespace weft {

struct DropoutOptions {
  float rate = 0.5f;
  /// Number i of x is kept if stream.uniform(i) >= rate: a function of the stream and the place alone.
  RandomStream stream = {};
};
/// While training, x / (1 - rate) where it is kept, else 0; otherwise x itself. tf.nn.dropout. Throws ValueError unless
/// rate is in [0, 1).
Var dropout(Var x, const DropoutOptions& options);

struct BatchNormOptions {
  /// What is left of the moving averages at a step.
  double momentum = 0.999;
  float epsilon = 1e-3f;
};
/// gamma (x - mean) / sqrt(variance + epsilon) + beta by columns: x [batch, width], the parameters [width]. While
/// training, mean and variance are the batch's (the variance of a population, divided by batch), and backward moves the
/// averages towards them: a forward pass alone changes nothing. Otherwise they are the moving averages.
/// tf.compat.v1.layers.batch_normalization (Ioffe & Szegedy, 2015). Throws ValueError on other shapes.
Var batch_norm(Var x, Parameter& gamma, Parameter& beta, Parameter& moving_mean, Parameter& moving_variance,
               const BatchNormOptions& options = {});

struct LayerNormOptions {
  float epsilon = 1e-3f;
};
/// gamma (x - mean) / sqrt(variance + epsilon) + beta by rows: x [batch, width], the parameters [width].
/// tf.keras.layers.LayerNormalization (Ba, Kiros, Hinton, 2016). Throws ValueError on other shapes.
Var layer_norm(Var x, Parameter& gamma, Parameter& beta, const LayerNormOptions& options = {});

struct L2NormalizeOptions {
  /// The least sum of squares that a row is divided by the root of.
  float epsilon = 1e-12f;
};
/// Each row of [batch, width] divided by its length. tf.math.l2_normalize(axis=1). Throws ValueError for another rank
/// or an epsilon that is not above 0.
Var l2_normalize(Var x, const L2NormalizeOptions& options = {});

/// e^x over its sum, and the logarithm of that, by rows of the last axis, any rank. tf.nn.softmax, tf.nn.log_softmax.
/// Throw ValueError for a scalar and for rows of nothing.
Var softmax(Var x);
Var log_softmax(Var x);

}  // namespace weft
