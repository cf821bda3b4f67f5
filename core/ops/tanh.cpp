// tanh: y = tanh(x); dx = dy (1 - y^2).
#include <weft/core/ops/function_check.h>
#include <weft/core/ops/ops.h>
#include <weft/core/ops/unary.h>

#include <doctest/doctest.h>
#include <cmath>

namespace weft {

Var tanh(Var x) {
  return detail::unary(x, kernels::functions().tanh);
}

TEST_CASE("tanh: values to 2 ulp, the gradient is the derivative") {
  const auto formula = [](double x) { return std::tanh(x); };
  const auto op = [](Var x) { return tanh(x); };
  CHECK(error_in_ulp(op, formula, -10, 10) < 2);
  CHECK(error_in_ulp(op, formula, -1e-3, 1e-3) < 2);
  CHECK(error_in_ulp(op, formula, 10, 1e6) < 1);
  CHECK(slope_error(
            op, [](double x) { return 1 / (std::cosh(x) * std::cosh(x)); }, -10, 10) < 1e-6);
}

}  // namespace weft
