// mul: y = a b; da = dy b, db = dy a, summed over what is repeated.
#include <weft/core/ops/binary.h>
#include <weft/core/ops/ops.h>

#include <doctest/doctest.h>

namespace weft {
namespace {

struct Mul {
  static float value(float a, float b) { return a * b; }
  static float da(float, float b, float) { return b; }
  static float db(float a, float, float) { return a; }
};

}  // namespace

Var mul(Var a, Var b) {
  return detail::binary<Mul>("mul", a, b);
}

Var mul(Var a, float b) {
  return mul(a, a.tape().constant(Tensor({}, {b})));
}

TEST_CASE("mul: values and gradients by hand, a row repeated") {
  Tape tape;
  const Var a = tape.leaf(Tensor({2, 2}, {1, 2, 3, 4})), b = tape.leaf(Tensor({2}, {2, 8}));
  const Var y = mul(a, b);
  const float want[] = {2, 16, 6, 32}, da[] = {2, 16, 8, 64}, db[] = {13, 36};
  CHECK(std::ranges::equal(y.value().values(), want));
  tape.backward(y, Tensor({2, 2}, {1, 2, 4, 8}));
  CHECK(std::ranges::equal(a.gradient()->values(), da));
  CHECK(std::ranges::equal(b.gradient()->values(), db));
}

TEST_CASE("mul: a value by itself, and by a number") {
  Tape tape;
  const Var x = tape.leaf(Tensor({1}, {3}));
  const Var y = mul(mul(x, x), 0.5f);
  CHECK(y.item() == 4.5f);
  tape.backward(y);
  CHECK(x.gradient()->item() == 3);
}

}  // namespace weft
