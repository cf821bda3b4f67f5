// swish: y = x s(x), s the sigmoid; dx = dy (s + y (1 - s)).
#include <weft/core/ops/function_check.h>
#include <weft/core/ops/ops.h>
#include <weft/core/ops/unary.h>

#include <doctest/doctest.h>
#include <cmath>

namespace weft {

Var swish(Var x) {
  return detail::unary(x, kernels::functions().swish);
}

TEST_CASE("swish: values to 3 ulp, the gradient is the derivative") {
  const auto s = [](double x) { return 1 / (1 + std::exp(-x)); };
  CHECK(error_in_ulp(
            swish, [&](double x) { return x * s(x); }, -80, 80) < 3);
  CHECK(slope_error(
            swish, [&](double x) { return s(x) * (1 + x * (1 - s(x))); }, -30, 30) < 1e-6);
}

}  // namespace weft
