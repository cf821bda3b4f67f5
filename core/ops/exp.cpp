// exp: y = e^x; dx = dy y.
#include <weft/core/ops/function_check.h>
#include <weft/core/ops/ops.h>
#include <weft/core/ops/unary.h>

#include <doctest/doctest.h>
#include <cmath>

namespace weft {

Var exp(Var x) {
  return detail::unary(x, kernels::functions().exp);
}

TEST_CASE("exp: values to 1 ulp, overflow and underflow, the gradient is the value") {
  const auto formula = [](double x) { return std::exp(x); };
  const auto op = [](Var x) { return exp(x); };
  CHECK(error_in_ulp(op, formula, -103, 88.7) < 1);
  CHECK(error_in_ulp(op, formula, -1e-3, 1e-3) < 1);
  CHECK(slope_error(op, formula, -10, 10) < 1e-6);
  Tape tape;
  const Tensor y = exp(tape.leaf(Tensor({3}, {89, 1e9f, -105}))).value();
  CHECK(y[0] == INFINITY);
  CHECK(y[1] == INFINITY);
  CHECK(y[2] == 0);
}

}  // namespace weft
