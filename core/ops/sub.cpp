// sub: y = a - b; da = dy, db = -dy, summed over what is repeated.
#include <weft/core/ops/binary.h>
#include <weft/core/ops/ops.h>

#include <doctest/doctest.h>

namespace weft {
namespace {

struct Sub {
  static float value(float a, float b) { return a - b; }
  static float da(float, float, float) { return 1.0f; }
  static float db(float, float, float) { return -1.0f; }
};

}  // namespace

Var sub(Var a, Var b) {
  return detail::binary<Sub>("sub", a, b);
}

TEST_CASE("sub: values and gradients by hand, a row repeated") {
  Tape tape;
  const Var a = tape.leaf(Tensor({2, 2}, {1, 2, 3, 4})), b = tape.leaf(Tensor({2}, {2, 8}));
  const Var y = sub(a, b);
  const float want[] = {-1, -6, 1, -4}, da[] = {1, 2, 4, 8}, db[] = {-5, -10};
  CHECK(std::ranges::equal(y.value().values(), want));
  tape.backward(y, Tensor({2, 2}, {1, 2, 4, 8}));
  CHECK(std::ranges::equal(a.gradient()->values(), da));
  CHECK(std::ranges::equal(b.gradient()->values(), db));
}

}  // namespace weft
