// l2_normalize: y = x r by rows, r = 1 / sqrt(max(sum of x^2, epsilon)); dx = r (dy - y (y . dy)), or r dy where the
// sum is below epsilon.
#include <weft/core/error.h>
#include <weft/core/ops/function_check.h>
#include <weft/core/ops/ops.h>
#include <weft/core/parallel.h>

#include <doctest/doctest.h>
#include <cmath>

namespace weft {
namespace {

constexpr int64_t kRows = 128;

double dot(const float* a, const float* b, int64_t n) {
  double total = 0.0;
  for (int64_t i = 0; i < n; ++i) total += double{a[i]} * b[i];
  return total;
}

void check(const Shape& shape, float epsilon) {
  if (shape.rank() != 2) {
    throw ValueError("[l2_normalize] x: got shape " + to_string(shape) + ", expected [batch, width].");
  }
  if (!(epsilon > 0.0f)) {
    throw ValueError("[l2_normalize] epsilon: got " + std::to_string(epsilon) + ", expected a number above 0.");
  }
}

}  // namespace

Var l2_normalize(Var x, const L2NormalizeOptions& options) {
  check(x.shape(), options.epsilon);
  const int64_t B = x.shape()[0], W = x.shape()[1];
  const auto epsilon = double{options.epsilon};
  Var out = x.tape().make(x.shape());
  parallel_for(B, kRows, [&, all = x.value().data(), to = out.value().data()](int64_t begin, int64_t end) {
    for (int64_t b = begin; b < end; ++b) {
      const float* in = all + b * W;
      const double r = 1.0 / std::sqrt(std::max(dot(in, in, W), epsilon));
      for (int64_t k = 0; k < W; ++k) to[b * W + k] = static_cast<float>(in[k] * r);
    }
  });
  if (!x.needs_gradient()) return out;
  x.tape().record(out, [x, out, B, W, epsilon] {
    float* sum = x.gradient_sum();
    parallel_for(B, kRows, [&](int64_t begin, int64_t end) {
      for (int64_t b = begin; b < end; ++b) {
        const float *in = x.value().data() + b * W, *y = out.value().data() + b * W;
        const float* dy = out.gradient()->data() + b * W;
        const double squares = dot(in, in, W), r = 1.0 / std::sqrt(std::max(squares, epsilon));
        const double along = squares > epsilon ? dot(y, dy, W) : 0.0;
        float* dx = sum + b * W;
        for (int64_t k = 0; k < W; ++k) dx[k] += static_cast<float>(r * (dy[k] - y[k] * along));
      }
    });
  });
  return out;
}

TEST_CASE("l2_normalize: rows of length 1, a row of zeros stays") {
  Tape tape;
  const Var x = tape.leaf(Tensor({2, 2}, {3, -4, 0, 0}));
  const Var y = l2_normalize(x);
  CHECK(y.value()[0] == 0.6f);
  CHECK(y.value()[1] == -0.8f);
  CHECK(y.value()[2] == 0);
  tape.backward(y, Tensor({2, 2}, {1, 0, 1, 0}));
  CHECK((*x.gradient())[0] == doctest::Approx((1 - 0.36) / 5));
  CHECK((*x.gradient())[2] == doctest::Approx(1e6));  // 1 / sqrt(1e-12)
}

TEST_CASE("l2_normalize: gradient against finite differences, threads, shapes") {
  Tensor x({3, 5});
  random_normal_initializer()(x.values(), 0, x.shape(), {1, 2});
  const auto loss = [](Var v) { return sum(mul(l2_normalize(v), exp(v))); };
  CHECK(gradient_error(loss, x, 1e-3f) < 5e-3);
  Tensor large({1000, 17});
  random_normal_initializer()(large.values(), 0, large.shape(), {1, 2});
  CHECK(same_for_threads([](Var v) { return l2_normalize(v); }, large));
  Tape tape;
  CHECK(l2_normalize(tape.leaf(Tensor(Shape{0, 2}))).shape() == Shape{0, 2});
  CHECK_THROWS_AS(l2_normalize(tape.leaf(Tensor::zeros({2}))), ValueError);
  CHECK_THROWS_AS(l2_normalize(tape.leaf(x), {.epsilon = 0}), ValueError);
}

}  // namespace weft
