// leaky_relu: y = x where x > 0, else 0.2 x; dx = dy, else 0.2 dy.
#include <weft/core/ops/function_check.h>
#include <weft/core/ops/ops.h>
#include <weft/core/ops/unary.h>

#include <doctest/doctest.h>
#include <cmath>

namespace weft {

Var leaky_relu(Var x) {
  return detail::unary(x, kernels::functions().leaky_relu);
}

TEST_CASE("leaky_relu: values and gradient by hand, 0 counts as not above") {
  Tape tape;
  const Var x = tape.leaf(Tensor({3}, {-5, 0, 2}));
  const Var y = leaky_relu(x);
  tape.backward(y, Tensor({3}, {10, 10, 10}));
  const float want[] = {-1, 0, 2}, slopes[] = {2, 2, 10};
  CHECK(std::ranges::equal(y.value().values(), want));
  CHECK(std::ranges::equal(x.gradient()->values(), slopes));
}

}  // namespace weft
