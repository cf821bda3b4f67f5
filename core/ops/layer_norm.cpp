// layer_norm: y = gamma z + beta, z = (x - mean) r, r = 1 / sqrt(variance + epsilon), over the W numbers of a row.
// dbeta = sum of dy, dgamma = sum of dy z, dx = r (g - mean of g - z (mean of g z)), g = dy gamma.
#include <weft/core/error.h>
#include <weft/core/ops/column_sums.h>
#include <weft/core/ops/function_check.h>
#include <weft/core/ops/ops.h>
#include <weft/core/parallel.h>

#include <doctest/doctest.h>
#include <cmath>
#include <vector>

namespace weft {
namespace {

constexpr int64_t kRows = 128;

void check(const Var& x, const Parameter& gamma, const Parameter& beta) {
  const Shape& shape = x.shape();
  const bool fits =
      shape.rank() == 2 && shape[1] > 0 && gamma.shape() == Shape{shape[1]} && beta.shape() == Shape{shape[1]};
  if (fits) return;
  throw ValueError("[layer_norm] shapes: got " + to_string(shape) + ", '" + gamma.name() + "' " +
                   to_string(gamma.shape()) + ", '" + beta.name() + "' " + to_string(beta.shape()) +
                   ", expected [batch, width] and [width] twice.");
}

/// z of one row; returns r.
double normalise(const float* x, int64_t W, double epsilon, float* z) {
  double mean = 0.0, variance = 0.0;
  for (int64_t k = 0; k < W; ++k) mean += x[k];
  mean /= static_cast<double>(W);
  for (int64_t k = 0; k < W; ++k) variance += (x[k] - mean) * (x[k] - mean);
  const double r = 1.0 / std::sqrt(variance / static_cast<double>(W) + epsilon);
  for (int64_t k = 0; k < W; ++k) z[k] = static_cast<float>((x[k] - mean) * r);
  return r;
}

void input_gradient_row(const float* z, const float* dy, const float* gamma, double r, int64_t W, float* dx) {
  double total = 0.0, along = 0.0;
  for (int64_t k = 0; k < W; ++k) {
    const double g = double{dy[k]} * gamma[k];
    total += g;
    along += g * z[k];
  }
  total /= static_cast<double>(W);
  along /= static_cast<double>(W);
  for (int64_t k = 0; k < W; ++k) dx[k] += static_cast<float>(r * (double{dy[k]} * gamma[k] - total - z[k] * along));
}

/// Column sums of dy, or of dy z, into a parameter's gradient.
template <class Term>
void add_columns(Parameter& parameter, int64_t B, int64_t W, const Term& term) {
  if (!parameter.trainable()) return;
  const Buffer sums = detail::column_sums(B, W, term);
  const auto gradient = parameter.add_to_gradient();
  for (int64_t k = 0; k < W; ++k) {
    gradient.data[k] = (gradient.fresh ? 0.0f : gradient.data[k]) + static_cast<float>(sums.as<double>()[k]);
  }
}

}  // namespace

Var layer_norm(Var x, Parameter& gamma, Parameter& beta, const LayerNormOptions& options) {
  check(x, gamma, beta);
  const int64_t B = x.shape()[0], W = x.shape()[1];
  Var out = x.tape().make(x.shape());
  const Buffer normal(static_cast<size_t>(B * W) * sizeof(float)), roots(static_cast<size_t>(B) * sizeof(double));
  parallel_for(B, kRows, [&, in = x.value().data(), to = out.value().data()](int64_t begin, int64_t end) {
    const float *scale = gamma.value().data, *shift = beta.value().data;
    for (int64_t b = begin; b < end; ++b) {
      float *z = normal.as<float>() + b * W, *y = to + b * W;
      roots.as<double>()[b] = normalise(in + b * W, W, double{options.epsilon}, z);
      for (int64_t k = 0; k < W; ++k) y[k] = scale[k] * z[k] + shift[k];
    }
  });
  x.tape().record(out, [x, out, normal, roots, B, W, &gamma, &beta] {
    const float *dy = out.gradient()->data(), *z = normal.as<float>();
    add_columns(beta, B, W, [&](int64_t b, int64_t k) { return double{dy[b * W + k]}; });
    add_columns(gamma, B, W, [&](int64_t b, int64_t k) { return double{dy[b * W + k]} * z[b * W + k]; });
    if (!x.needs_gradient()) return;
    float* dx = x.gradient_sum();
    parallel_for(B, kRows, [&](int64_t begin, int64_t end) {
      for (int64_t b = begin; b < end; ++b) {
        const double r = roots.as<double>()[b];
        input_gradient_row(z + b * W, dy + b * W, gamma.value().data, r, W, dx + b * W);
      }
    });
  });
  return out;
}

namespace {

struct Norm {
  ParameterStore params;
  Parameter &gamma, &beta;
  explicit Norm(int64_t width)
      : gamma(params.add({.name = "gamma", .shape = {width}, .initializer = random_normal_initializer()})),
        beta(params.add({.name = "beta", .shape = {width}, .initializer = random_normal_initializer()})) {}
  Var operator()(Var x) { return layer_norm(x, gamma, beta); }
};

}  // namespace

TEST_CASE("layer_norm: values by hand") {
  Norm norm(2);
  norm.gamma.value().data[0] = 2;
  norm.beta.value().data[0] = 10;
  Tape tape;
  const Var y = norm(tape.leaf(Tensor({1, 2}, {1, 5})));  // mean 3, variance 4
  CHECK(y.value()[0] == doctest::Approx(10 - 4 / std::sqrt(4.001)));
}

TEST_CASE("layer_norm: gradients against finite differences") {
  Norm norm(4);
  Tensor x({3, 4});
  random_normal_initializer()(x.values(), 0, x.shape(), {1, 2});
  const auto loss = [&](Var v) { return sum(square(tanh(norm(v)))); };
  const auto of_tape = [&](Tape& tape) { return loss(tape.leaf(x)); };
  CHECK(gradient_error(loss, x, 3e-3f) < 3e-3);
  CHECK(gradient_error(of_tape, norm.gamma) < 2e-3);
  CHECK(gradient_error(of_tape, norm.beta) < 2e-3);
}

TEST_CASE("layer_norm: the same bits for any number of threads, an empty batch, shapes that don't fit") {
  Tensor x({1000, 19});
  random_normal_initializer()(x.values(), 0, x.shape(), {1, 2});
  std::vector<float> first;
  for (const int threads : {1, 3}) {
    const ThreadLimit limit(threads);
    Norm norm(19);
    CHECK(same_for_threads([&](Var v) { return norm(v); }, x));
    norm.params.clear_gradients();
    Tape tape;
    tape.backward(sum(square(norm(tape.leaf(x)))));
    std::vector<float> got(norm.gamma.dense_gradient(), norm.gamma.dense_gradient() + 19);
    if (threads == 1) first = got;
    CHECK(got == first);
  }
  Norm norm(2);
  Tape tape;
  CHECK(norm(tape.leaf(Tensor(Shape{0, 2}))).shape() == Shape{0, 2});
  CHECK_THROWS_AS(norm(tape.leaf(Tensor::zeros({2, 3}))), ValueError);
}

}  // namespace weft
