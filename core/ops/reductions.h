// Reductions: of all numbers, or along an axis.
#pragma once
#include <weft/core/tape.h>

namespace weft {

/// The sum of all numbers, a scalar.
Var sum(Var x);
/// Their mean, a scalar; 0 elements give NaN, as tf.reduce_mean.
Var mean(Var x);

struct ReduceOptions {
  /// The axis stays, with extent 1.
  bool keepdims = false;
};
/// Along one axis, which is left out; -1 is the last. Of nothing: 0, NaN and -infinity. The largest numbers share the
/// gradient of a maximum. tf.reduce_sum, tf.reduce_mean, tf.reduce_max. Throw ValueError for an axis that is not there.
Var reduce_sum(Var x, int axis, const ReduceOptions& options = {});
Var reduce_mean(Var x, int axis, const ReduceOptions& options = {});
Var reduce_max(Var x, int axis, const ReduceOptions& options = {});

}  // namespace weft
