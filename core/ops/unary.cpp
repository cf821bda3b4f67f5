// unary: y = f(x) for every number; dx = dy f'(x).
#include <weft/core/ops/function_check.h>
#include <weft/core/ops/unary.h>
#include <weft/core/parallel.h>

#include <doctest/doctest.h>

namespace weft::detail {
namespace {

/// Numbers of an array that a thread handles at once.
constexpr int64_t kGrain = 1 << 14;

}  // namespace

Var unary(Var x, const kernels::Function& f, const char* name) {
  Var out = x.tape().make(x.shape());
  const float* in = x.value().data();
  float* y = out.value().data();
  parallel_for(x.value().size(), kGrain,
               [&](int64_t begin, int64_t end) { f.forward(in + begin, y + begin, end - begin); });
  if (x.needs_gradient()) {
    const auto backward = [x, out, f] {
      const float *in = x.value().data(), *y = out.value().data(), *dy = out.gradient()->data();
      const auto dx = x.add_to_gradient();
      parallel_for(x.value().size(), kGrain, [&](int64_t begin, int64_t end) {
        f.backward(in + begin, y + begin, dy + begin, dx.data + begin, end - begin, !dx.fresh);
      });
    };
    x.tape().record(out, backward, name);
  }
  return out;
}

TEST_CASE("unary: two uses of one value add, and threads don't show") {
  const auto twice = [](Var x) {
    const Var y = unary(x, kernels::functions().tanh);
    unary(x, kernels::functions().square);
    return y;
  };
  CHECK(same_for_threads(twice));
  Tape tape;
  const Var x = tape.leaf(Tensor({2}, {3, -2}));
  const Var first = unary(x, kernels::functions().square), second = unary(x, kernels::functions().square);
  // second reads x as first does: x gets 2 x from each that a gradient reaches.
  const Var chain = unary(first, kernels::functions().square);
  tape.backward(chain, Tensor({2}, {1, 1}));
  CHECK(second.gradient() == nullptr);
  CHECK((*x.gradient())[0] == 4 * 27);
  CHECK((*x.gradient())[1] == 4 * -8);
}

TEST_CASE("unary: nothing in, nothing out") {
  Tape tape;
  const Var x = tape.leaf(Tensor(Shape{0, 3}));
  const Var y = unary(x, kernels::functions().exp);
  CHECK(y.shape() == Shape{0, 3});
  tape.backward(y, Tensor(Shape{0, 3}));
}

}  // namespace weft::detail
