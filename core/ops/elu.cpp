// elu: y = x where x >= 0, else e^x - 1; dx = dy, else dy (y + 1).
#include <weft/core/ops/function_check.h>
#include <weft/core/ops/ops.h>
#include <weft/core/ops/unary.h>

#include <doctest/doctest.h>
#include <cmath>

namespace weft {

Var elu(Var x) {
  return detail::unary(x, kernels::functions().elu);
}

TEST_CASE("elu: values to 2 ulp, the gradient is the derivative") {
  const auto formula = [](double x) { return x < 0 ? std::expm1(x) : x; };
  CHECK(error_in_ulp(elu, formula, -20, 3) < 2);
  CHECK(error_in_ulp(elu, formula, -1e-3, 1e-3) < 2);
  CHECK(error_in_ulp(elu, formula, -1e9, -20) < 1);
  CHECK(slope_error(
            elu, [](double x) { return x < 0 ? std::exp(x) : 1.0; }, -20, 3) < 1e-6);
}

}  // namespace weft
