// row_dot: y[b] = a[b] . b[b]; da = dy b, db = dy a.
#include <weft/core/error.h>
#include <weft/core/kernels.h>
#include <weft/core/ops/function_check.h>
#include <weft/core/ops/ops.h>
#include <weft/core/parallel.h>

#include <doctest/doctest.h>

namespace weft {
namespace {

constexpr int64_t kRows = 256;

/// dx += dy * other, row by row.
void add_rows(Var x, const float* dy, const float* other) {
  if (!x.needs_gradient()) return;
  const int64_t W = x.shape()[1];
  float* dx = x.gradient_sum();
  parallel_for(x.shape()[0], kRows, [&](int64_t begin, int64_t end) {
    for (int64_t b = begin; b < end; ++b) kernels::best().axpy(dy[b], other + b * W, dx + b * W, W);
  });
}

}  // namespace

Var row_dot(Var a, Var b) {
  if (a.shape().rank() != 2 || !(a.shape() == b.shape())) {
    throw ValueError("[row_dot] shapes: got " + to_string(a.shape()) + " and " + to_string(b.shape()) +
                     ", expected [batch, width] twice.");
  }
  const int64_t B = a.shape()[0], W = a.shape()[1];
  Var out = a.tape().make({B, 1});
  parallel_for(B, kRows,
               [&, x = a.value().data(), z = b.value().data(), y = out.value().data()](int64_t begin, int64_t end) {
                 for (int64_t r = begin; r < end; ++r) y[r] = kernels::best().dot(x + r * W, z + r * W, W);
               });
  a.tape().record(out, [a, b, out] {
    add_rows(a, out.gradient()->data(), b.value().data());
    add_rows(b, out.gradient()->data(), a.value().data());
  });
  return out;
}

TEST_CASE("row_dot: values and gradients by hand, of a value with itself too") {
  Tape tape;
  const Var a = tape.leaf(Tensor({2, 2}, {1, 2, 3, 4})), b = tape.leaf(Tensor({2, 2}, {10, 20, 30, 40}));
  const Var y = row_dot(a, b);
  CHECK(y.shape() == Shape{2, 1});
  CHECK(y.value()[0] == 50);
  CHECK(y.value()[1] == 250);
  tape.backward(y, Tensor({2, 1}, {1, 2}));
  CHECK((*a.gradient())[3] == 80);
  CHECK((*b.gradient())[0] == 1);
  CHECK(gradient_error([](Var x) { return sum(square(row_dot(x, x))); }, Tensor({2, 2}, {1, 2, -1, 0.5f})) < 1e-2);
}

TEST_CASE("row_dot: the same bits for any number of threads, an empty batch, shapes that don't fit") {
  Tensor x({1000, 19});
  random_normal_initializer()(x.values(), 0, x.shape(), {1, 2});
  CHECK(same_for_threads([](Var v) { return row_dot(v, v); }, x));
  Tape tape;
  const Var none = tape.leaf(Tensor(Shape{0, 2})), wide = tape.leaf(Tensor::zeros({1, 3}));
  CHECK(row_dot(none, none).shape() == Shape{0, 1});
  CHECK_THROWS_AS(row_dot(none, wide), ValueError);
}

}  // namespace weft
