// softplus: y = ln(1 + e^x) = max(x, 0) + ln(1 + e^-|x|); dx = dy / (1 + e^-x).
#include <weft/core/ops/function_check.h>
#include <weft/core/ops/ops.h>
#include <weft/core/ops/unary.h>

#include <doctest/doctest.h>
#include <cmath>

namespace weft {

Var softplus(Var x) {
  return detail::unary(x, kernels::functions().softplus);
}

TEST_CASE("softplus: values to 3 ulp on both sides, the gradient is the derivative") {
  const auto formula = [](double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); };
  CHECK(error_in_ulp(softplus, formula, -80, 80) < 3);
  CHECK(error_in_ulp(softplus, formula, -1, 1) < 3);
  CHECK(slope_error(
            softplus, [](double x) { return 1 / (1 + std::exp(-x)); }, -80, 80) < 1e-6);
}

}  // namespace weft
