// sqrt: y = the root of x; dx = dy / (2 y).
#include <weft/core/ops/function_check.h>
#include <weft/core/ops/ops.h>
#include <weft/core/ops/unary.h>

#include <doctest/doctest.h>
#include <cmath>

namespace weft {

Var sqrt(Var x) {
  return detail::unary(x, kernels::functions().sqrt);
}

TEST_CASE("sqrt: values correctly rounded, the gradient is the derivative") {
  const auto op = [](Var x) { return sqrt(x); };
  CHECK(error_in_ulp(
            op, [](double x) { return std::sqrt(x); }, 0, 1e6) <= 0.5);
  CHECK(slope_error(
            op, [](double x) { return 0.5 / std::sqrt(x); }, 0.01, 10) < 1e-6);
  Tape tape;
  CHECK(std::isnan(sqrt(tape.leaf(Tensor({1}, {-1}))).item()));
}

}  // namespace weft
