// fm_interaction: y[b] = sum over pairs of fields f < g of x[b, f] . x[b, g] = (|S|^2 - sum of |x[b, f]|^2) / 2 with S
// the sum of the fields; dx[b, f] = dy (S - x[b, f]).
#include <weft/core/error.h>
#include <weft/core/ops/function_check.h>
#include <weft/core/ops/ops.h>
#include <weft/core/parallel.h>

#include <doctest/doctest.h>
#include <algorithm>

namespace weft {
namespace {

// F fields, D dimension.

constexpr int64_t kRows = 64;

/// The sum over the fields of one row, in `sums` [D].
void add_fields(const float* x, int64_t F, int64_t D, float* sums) {
  std::fill_n(sums, D, 0.0f);
  for (int64_t f = 0; f < F; ++f) {
    for (int64_t d = 0; d < D; ++d) sums[d] += x[f * D + d];
  }
}

/// Pairs of one row: each field meets the sum of those before it.
float pairs(const float* x, int64_t F, int64_t D, float* before) {
  std::fill_n(before, D, 0.0f);
  double total = 0.0;
  for (int64_t f = 0; f < F; ++f) {
    for (int64_t d = 0; d < D; ++d) {
      total += double{before[d]} * x[f * D + d];
      before[d] += x[f * D + d];
    }
  }
  return static_cast<float>(total);
}

}  // namespace

Var fm_interaction(Var x) {
  if (x.shape().rank() != 3) {
    throw ValueError("[fm_interaction] x: got shape " + to_string(x.shape()) +
                     ", expected [batch, fields, dimension]. reshape() makes it of [batch, fields * dimension].");
  }
  const int64_t B = x.shape()[0], F = x.shape()[1], D = x.shape()[2];
  Var out = x.tape().make({B, 1});
  const size_t bytes = static_cast<size_t>(D) * sizeof(float);
  parallel_for(B, kRows, [&, in = x.value().data(), y = out.value().data()](int64_t begin, int64_t end) {
    const Buffer before(bytes);
    for (int64_t b = begin; b < end; ++b) y[b] = pairs(in + b * F * D, F, D, before.as<float>());
  });
  if (!x.needs_gradient()) return out;
  x.tape().record(out, [x, out, B, F, D, bytes] {
    const float *in = x.value().data(), *dy = out.gradient()->data();
    float* dx = x.gradient_sum();
    parallel_for(B, kRows, [&](int64_t begin, int64_t end) {
      const Buffer sums(bytes);
      const float* S = sums.as<float>();
      for (int64_t b = begin; b < end; ++b) {
        add_fields(in + b * F * D, F, D, sums.as<float>());
        for (int64_t i = 0; i < F * D; ++i) dx[b * F * D + i] += dy[b] * (S[i % D] - in[b * F * D + i]);
      }
    });
  });
  return out;
}

TEST_CASE("fm_interaction: pairs by hand") {
  Tape tape;
  const Var x = tape.leaf(Tensor({1, 3, 2}, {1, 2, 3, 4, 5, 6}));
  const Var y = fm_interaction(x);
  CHECK(y.shape() == Shape{1, 1});
  CHECK(y.item() == (1 * 3 + 2 * 4) + (1 * 5 + 2 * 6) + (3 * 5 + 4 * 6));
  tape.backward(y);
  CHECK((*x.gradient())[0] == 8);
  CHECK((*x.gradient())[5] == 6);
}

TEST_CASE("fm_interaction: gradient against finite differences, threads, what has no pairs") {
  Tensor x({3, 4, 2}), large({500, 5, 9});
  random_normal_initializer()(x.values(), 0, x.shape(), {1, 2});
  random_normal_initializer()(large.values(), 0, large.shape(), {1, 2});
  CHECK(gradient_error([](Var v) { return sum(square(fm_interaction(v))); }, x, 3e-3f) < 1e-2);
  CHECK(same_for_threads(fm_interaction, large));
  Tape tape;
  CHECK(fm_interaction(tape.leaf(Tensor({1, 1, 2}, {3, 4}))).item() == 0);
  CHECK(fm_interaction(tape.leaf(Tensor(Shape{0, 3, 2}))).shape() == Shape{0, 1});
  CHECK(fm_interaction(tape.leaf(Tensor(Shape{1, 0, 2}))).item() == 0);
  CHECK_THROWS_AS(fm_interaction(tape.leaf(Tensor::zeros({2, 6}))), ValueError);
}

}  // namespace weft
