// The activations: ops of one value whose result has its shape, for the end of a layer.
#pragma once
#include <weft/core/tape.h>

#include <string_view>

namespace weft {

/// What a layer does with its sums: an op of one value, as relu; null: nothing.
using Activation = Var (*)(Var);

/// max(x, 0). tf.nn.relu.
Var relu(Var x);
/// min(max(x, 0), 6). tf.nn.relu6.
Var relu6(Var x);
/// x for x > 0, else 0.2 x. tf.nn.leaky_relu with its default alpha.
Var leaky_relu(Var x);
/// x for x >= 0, else e^x - 1. tf.nn.elu (Clevert, Unterthiner, Hochreiter, 2016).
Var elu(Var x);
/// 1.0507 (x for x >= 0, else 1.6733 (e^x - 1)). tf.nn.selu (Klambauer et al., 2017).
Var selu(Var x);
/// x times the normal distribution's probability below x. tf.nn.gelu (Hendrycks, Gimpel, 2016).
Var gelu(Var x);
/// gelu by x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2. tf.nn.gelu(approximate=True).
Var gelu_approximate(Var x);
/// x sigmoid(x). tf.nn.swish, tf.nn.silu.
Var swish(Var x);
/// tf.nn.tanh.
Var tanh(Var x);
/// 1 / (1 + e^-x). tf.nn.sigmoid.
Var sigmoid(Var x);
/// ln(1 + e^x). tf.nn.softplus.
Var softplus(Var x);

/// The activation of one of the names above, "silu" for swish, null for "linear". Throws ValueError with the names
/// there are.
Activation activation_of(std::string_view name);

}  // namespace weft
