// Products of matrices and of rows.
#pragma once
#include <weft/core/matmul_precision.h>
#include <weft/core/ops/activations.h>
#include <weft/core/parameter.h>
#include <weft/core/tape.h>

namespace weft {

/// activation(x W + b): x [batch, inputs], kernel [inputs, units], bias [units] -> [batch, units].
/// tf.nn.bias_add(tf.matmul). The precision is that of the products, here and backward.
Var linear(Var x, Parameter& kernel, Parameter& bias, Activation activation = nullptr,
           MatmulPrecision precision = MatmulPrecision::float32);

struct MatmulOptions {
  bool transpose_a = false;
  bool transpose_b = false;
};
/// a b: [m, k], [k, n] -> [m, n], each read transposed if asked for. tf.linalg.matmul. Throws ValueError on other
/// shapes.
Var matmul(Var a, Var b, const MatmulOptions& options = {});

/// The dot products of rows: [batch, width] twice -> [batch, 1]. Throws ValueError on other shapes.
Var row_dot(Var a, Var b);

/// The second-order term of a factorisation machine: x [batch, fields, dimension] -> [batch, 1], the sum of the dot
/// products of all pairs of fields (Rendle, 2010). Throws ValueError unless the rank is 3.
Var fm_interaction(Var x);

}  // namespace weft
