// selu: y = s x where x >= 0, else s a (e^x - 1); dx = s dy, else dy (y + s a).
#include <weft/core/ops/function_check.h>
#include <weft/core/ops/ops.h>
#include <weft/core/ops/unary.h>

#include <doctest/doctest.h>
#include <cmath>

namespace weft {

Var selu(Var x) {
  return detail::unary(x, kernels::functions().selu);
}

TEST_CASE("selu: values to 3 ulp, the gradient is the derivative") {
  constexpr double s = 1.0507009873554805, a = 1.6732632423543772;
  CHECK(error_in_ulp(
            selu, [](double x) { return s * (x < 0 ? a * std::expm1(x) : x); }, -20, 3) < 3);
  CHECK(slope_error(
            selu, [](double x) { return s * (x < 0 ? a * std::exp(x) : 1.0); }, -20, 3) < 1e-6);
}

}  // namespace weft
