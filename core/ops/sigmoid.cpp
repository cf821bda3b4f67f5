// sigmoid: y = 1 / (1 + e^-x); dx = dy y (1 - y).
#include <weft/core/ops/function_check.h>
#include <weft/core/ops/ops.h>
#include <weft/core/ops/unary.h>

#include <doctest/doctest.h>
#include <cmath>

namespace weft {

Var sigmoid(Var x) {
  return detail::unary(x, kernels::functions().sigmoid);
}

TEST_CASE("sigmoid: values to 2 ulp on both sides, the gradient is the derivative") {
  const auto formula = [](double x) { return 1 / (1 + std::exp(-x)); };
  CHECK(error_in_ulp(sigmoid, formula, -87, 87) < 2);
  CHECK(error_in_ulp(sigmoid, formula, -1000, -87) < 2);
  CHECK(slope_error(
            sigmoid, [&](double x) { return formula(x) * formula(-x); }, -30, 30) < 1e-6);
}

}  // namespace weft
