// relu: y = max(x, 0); dx = dy where y > 0.
#include <weft/core/ops/ops.h>
#include <weft/core/parallel.h>

#include <doctest/doctest.h>
#include <algorithm>

namespace weft {

namespace {

/// Numbers of an array that a thread handles at once.
constexpr int64_t kGrain = 1 << 14;

}  // namespace

Var relu(Var x) {
  Var out = x.tape().make(x.shape());
  const float* in = x.value().data();
  float* y = out.value().data();
  parallel_for(x.value().size(), kGrain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) y[i] = std::max(in[i], 0.0f);
  });
  if (x.needs_gradient()) {
    x.tape().record(out, [x, out] {
      const float *y = out.value().data(), *dy = out.gradient()->data();
      float* dx = x.gradient_sum();
      parallel_for(x.value().size(), kGrain, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) dx[i] += y[i] > 0.0f ? dy[i] : 0.0f;
      });
    });
  }
  return out;
}

TEST_CASE("relu: values and gradient by hand, 0 counts as not above") {
  Tape tape;
  const Var x = tape.leaf(Tensor({4}, {-1, 0, 2, 3}));
  const Var y = relu(x);
  CHECK(y.value()[0] == 0);
  CHECK(y.value()[2] == 2);
  tape.backward(y, Tensor({4}, {5, 6, 7, 8}));
  const Tensor& dx = *x.gradient();
  CHECK(dx[0] == 0);
  CHECK(dx[1] == 0);
  CHECK(dx[2] == 7);
  CHECK(dx[3] == 8);
}

TEST_CASE("relu: the empty input") {
  Tape tape;
  CHECK(relu(tape.leaf(Tensor({0, 3}, std::initializer_list<float>{}))).value().size() == 0);
}

}  // namespace weft
