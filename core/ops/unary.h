// What the ops of one number have in common: the loops over arrays, forward and backward.
#pragma once
#include <weft/core/elementwise.h>
#include <weft/core/tape.h>

namespace weft::detail {

/// f of every number, same shape; dx = dy f'(x).
Var unary(Var x, const kernels::Function& f);

}  // namespace weft::detail
