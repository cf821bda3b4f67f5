// softmax: y = e^x / sum of e^x by rows; dx = y (dy - sum of dy y). log_softmax: y = x - ln(sum of e^x); dx = dy - e^y
// (sum of dy).
#include <weft/core/elementwise.h>
#include <weft/core/error.h>
#include <weft/core/ops/function_check.h>
#include <weft/core/ops/ops.h>
#include <weft/core/parallel.h>

#include <doctest/doctest.h>
#include <algorithm>
#include <cmath>
#include <string>

namespace weft {
namespace {

constexpr int64_t kGrain = 1 << 13;

/// Rows of the last axis.
struct Rows {
  int64_t rows, width, grain;
};
Rows rows_of(const char* op, const Shape& shape) {
  if (shape.rank() == 0 || shape[shape.rank() - 1] == 0) {
    throw ValueError("[" + std::string(op) + "] x: got shape " + to_string(shape) +
                     ", expected at least one number in each row of the last axis.");
  }
  const int64_t width = shape[shape.rank() - 1];
  return {shape.size() / width, width, std::max<int64_t>(kGrain / width, 1)};
}

/// y = x - the largest of its row.
void shift(const float* x, float* y, int64_t rows, int64_t width) {
  for (int64_t r = 0; r < rows; ++r) {
    const float largest = *std::max_element(x + r * width, x + (r + 1) * width);
    for (int64_t k = 0; k < width; ++k) y[r * width + k] = x[r * width + k] - largest;
  }
}

double total_of(const float* x, int64_t width) {
  double total = 0.0;
  for (int64_t k = 0; k < width; ++k) total += x[k];
  return total;
}

}  // namespace

Var softmax(Var x) {
  const Rows rows = rows_of("softmax", x.shape());
  const int64_t W = rows.width;
  Var out = x.tape().make(x.shape());
  parallel_for(rows.rows, rows.grain, [&, in = x.value().data(), all = out.value().data()](int64_t begin, int64_t end) {
    float* y = all + begin * W;
    shift(in + begin * W, y, end - begin, W);
    const Buffer powers(static_cast<size_t>((end - begin) * W) * sizeof(float));
    kernels::functions().exp.forward(y, powers.as<float>(), (end - begin) * W);
    for (int64_t r = 0; r < end - begin; ++r) {
      const float* e = powers.as<float>() + r * W;
      const auto share = static_cast<float>(1.0 / total_of(e, W));
      for (int64_t k = 0; k < W; ++k) y[r * W + k] = e[k] * share;
    }
  });
  if (!x.needs_gradient()) return out;
  x.tape().record(out, [x, out, rows] {
    float* all = x.gradient_sum();
    parallel_for(rows.rows, rows.grain, [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; ++r) {
        const float *y = out.value().data() + r * rows.width, *dy = out.gradient()->data() + r * rows.width;
        double dot = 0.0;
        for (int64_t k = 0; k < rows.width; ++k) dot += double{y[k]} * dy[k];
        float* dx = all + r * rows.width;
        for (int64_t k = 0; k < rows.width; ++k) dx[k] += y[k] * static_cast<float>(dy[k] - dot);
      }
    });
  });
  return out;
}

Var log_softmax(Var x) {
  const Rows rows = rows_of("log_softmax", x.shape());
  const int64_t W = rows.width;
  Var out = x.tape().make(x.shape());
  const size_t bytes = static_cast<size_t>(x.value().size()) * sizeof(float);
  const Buffer powers(bytes);
  parallel_for(rows.rows, rows.grain, [&, in = x.value().data(), all = out.value().data()](int64_t begin, int64_t end) {
    float *y = all + begin * W, *e = powers.as<float>() + begin * W;
    shift(in + begin * W, y, end - begin, W);
    kernels::functions().exp.forward(y, e, (end - begin) * W);
    for (int64_t r = 0; r < end - begin; ++r) {
      const double total = total_of(e + r * W, W);
      const auto log_total = static_cast<float>(std::log(total)), share = static_cast<float>(1.0 / total);
      for (int64_t k = 0; k < W; ++k) {
        y[r * W + k] -= log_total;
        e[r * W + k] *= share;  // e^y, for backward
      }
    }
  });
  if (!x.needs_gradient()) return out;
  x.tape().record(out, [x, out, rows, powers] {
    float* all = x.gradient_sum();
    parallel_for(rows.rows, rows.grain, [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; ++r) {
        const float *p = powers.as<float>() + r * rows.width, *dy = out.gradient()->data() + r * rows.width;
        const auto total = static_cast<float>(total_of(dy, rows.width));
        float* dx = all + r * rows.width;
        for (int64_t k = 0; k < rows.width; ++k) dx[k] += dy[k] - p[k] * total;
      }
    });
  });
  return out;
}

TEST_CASE("softmax: values by hand, large numbers stay finite") {
  Tape tape;
  const Var x = tape.leaf(Tensor({2, 2}, {0, std::log(3.0f), 1000, 1000}));
  const Tensor y = softmax(x).value(), z = log_softmax(x).value();
  CHECK(y[0] == doctest::Approx(0.25));
  CHECK(y[1] == doctest::Approx(0.75));
  CHECK(y[2] == 0.5f);
  CHECK(z[0] == doctest::Approx(std::log(0.25)));
  CHECK(z[3] == doctest::Approx(std::log(0.5)));
}

TEST_CASE("softmax: gradients against finite differences, of rank 1 and 3, the same bits for any threads") {
  for (const Shape& shape : {Shape{6}, Shape{2, 3}, Shape{2, 1, 3}}) {
    Tensor x(shape);
    random_normal_initializer()(x.values(), 0, shape, {1, 2});
    CHECK(gradient_error([](Var v) { return sum(square(softmax(v))); }, x) < 1e-3);
    CHECK(gradient_error([](Var v) { return sum(square(log_softmax(v))); }, x) < 5e-3);
  }
  Tensor large({500, 33});
  random_normal_initializer()(large.values(), 0, large.shape(), {1, 2});
  CHECK(same_for_threads(softmax, large));
  CHECK(same_for_threads(log_softmax, large));
}

TEST_CASE("softmax: no rows are fine, rows of nothing are not") {
  Tape tape;
  CHECK(softmax(tape.leaf(Tensor(Shape{0, 3}))).shape() == Shape{0, 3});
  CHECK_THROWS_AS(softmax(tape.leaf(Tensor(Shape{3, 0}))), ValueError);
  CHECK_THROWS_AS(log_softmax(tape.leaf(Tensor({}, {1}))), ValueError);
}

}  // namespace weft
