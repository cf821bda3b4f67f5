// square: y = x^2; dx = 2 x dy.
#include <weft/core/ops/function_check.h>
#include <weft/core/ops/ops.h>
#include <weft/core/ops/unary.h>

#include <doctest/doctest.h>
#include <cmath>

namespace weft {

Var square(Var x) {
  return detail::unary(x, kernels::functions().square);
}

TEST_CASE("square: values and gradient by hand") {
  Tape tape;
  const Var x = tape.leaf(Tensor({2}, {-3, 0.5f}));
  const Var y = square(x);
  tape.backward(y, Tensor({2}, {1, 10}));
  CHECK(y.value()[0] == 9);
  CHECK(y.value()[1] == 0.25f);
  CHECK((*x.gradient())[0] == -6);
  CHECK((*x.gradient())[1] == 10);
}

}  // namespace weft
