// relu6: y = min(max(x, 0), 6); dx = dy where 0 < x < 6.
#include <weft/core/ops/function_check.h>
#include <weft/core/ops/ops.h>
#include <weft/core/ops/unary.h>

#include <doctest/doctest.h>
#include <cmath>

namespace weft {

Var relu6(Var x) {
  return detail::unary(x, kernels::functions().relu6);
}

TEST_CASE("relu6: values and gradient by hand, the corners are flat") {
  Tape tape;
  const Var x = tape.leaf(Tensor({5}, {-1, 0, 2, 6, 7}));
  const Var y = relu6(x);
  tape.backward(y, Tensor({5}, {5, 6, 7, 8, 9}));
  const float want[] = {0, 0, 2, 6, 6}, slopes[] = {0, 0, 7, 0, 0};
  CHECK(std::ranges::equal(y.value().values(), want));
  CHECK(std::ranges::equal(x.gradient()->values(), slopes));
}

}  // namespace weft
