// div: y = a / b; da = dy / b, db = -dy y / b, summed over what is repeated.
#include <weft/core/ops/binary.h>
#include <weft/core/ops/ops.h>

#include <doctest/doctest.h>

namespace weft {
namespace {

struct Div {
  static float value(float a, float b) { return a / b; }
  static float da(float, float b, float) { return 1.0f / b; }
  static float db(float, float b, float y) { return -y / b; }
};

}  // namespace

Var div(Var a, Var b) {
  return detail::binary<Div>("div", a, b);
}

TEST_CASE("div: values and gradients by hand, a row repeated") {
  Tape tape;
  const Var a = tape.leaf(Tensor({2, 2}, {1, 2, 3, 4})), b = tape.leaf(Tensor({2}, {2, 8}));
  const Var y = div(a, b);
  const float want[] = {0.5f, 0.25f, 1.5f, 0.5f}, da[] = {0.5f, 0.25f, 2, 1}, db[] = {-3.25f, -0.5625f};
  CHECK(std::ranges::equal(y.value().values(), want));
  tape.backward(y, Tensor({2, 2}, {1, 2, 4, 8}));
  CHECK(std::ranges::equal(a.gradient()->values(), da));
  CHECK(std::ranges::equal(b.gradient()->values(), db));
}

}  // namespace weft
