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

}  // namespace weft
