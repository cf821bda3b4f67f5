// Arithmetic of values, number by number.
#pragma once
#include <weft/core/tape.h>

namespace weft {

/// e^x. tf.exp.
Var exp(Var x);
/// The natural logarithm: -infinity at 0, NaN below. tf.math.log.
Var log(Var x);
/// The root: NaN below 0; its gradient at 0 is infinite. tf.sqrt.
Var sqrt(Var x);
/// x^2. tf.square.
Var square(Var x);

/// a + b, and so on, number by number: shapes are equal, or one is repeated to fit the other, as [width] (a row),
/// [batch, 1] or a scalar beside [batch, width]. The gradient of what was repeated is the sum over its repetitions.
/// Throw ValueError for other shapes and for values of two tapes. tf.add, tf.subtract, tf.multiply, tf.divide.
Var add(Var a, Var b);
Var sub(Var a, Var b);
Var mul(Var a, Var b);
Var div(Var a, Var b);
/// The same with one number.
Var add(Var a, float b);
Var mul(Var a, float b);

}  // namespace weft
