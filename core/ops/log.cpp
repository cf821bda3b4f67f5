// log: y = ln x; dx = dy / x.
#include <weft/core/ops/function_check.h>
#include <weft/core/ops/ops.h>
#include <weft/core/ops/unary.h>

#include <doctest/doctest.h>
#include <cmath>

namespace weft {

Var log(Var x) {
  return detail::unary(x, kernels::functions().log);
}

TEST_CASE("log: values to 1 ulp, 0 and less, the gradient is the derivative") {
  const auto formula = [](double x) { return std::log(x); };
  const auto op = [](Var x) { return log(x); };
  CHECK(error_in_ulp(op, formula, 0.5, 2) < 1);
  CHECK(error_in_ulp(op, formula, 1e-9, 1e-3) < 1);
  CHECK(error_in_ulp(op, formula, 1e-45, 1e-37) < 1);
  CHECK(error_in_ulp(op, formula, 2, 1e30) < 1);
  CHECK(slope_error(
            op, [](double x) { return 1 / x; }, 0.1, 10) < 1e-6);
  Tape tape;
  const Tensor y = log(tape.leaf(Tensor({4}, {0, -1, INFINITY, 1}))).value();
  CHECK(y[0] == -INFINITY);
  CHECK(std::isnan(y[1]));
  CHECK(y[2] == INFINITY);
  CHECK(y[3] == 0);
}

}  // namespace weft
