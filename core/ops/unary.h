// What the ops of one number have in common: the loops over arrays, forward and backward.
#pragma once
#include <weft/core/elementwise.h>
#include <weft/core/tape.h>

#include <source_location>

namespace weft::detail {

/// f of every number, same shape; dx = dy f'(x). The op is called as the function that calls this.
Var unary(Var x, const kernels::Function& f, const char* name = std::source_location::current().function_name());

}  // namespace weft::detail
