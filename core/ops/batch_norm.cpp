// batch_norm: y = gamma z + beta, z = (x - mean) r, r = 1 / sqrt(variance + epsilon), by columns of B rows. dbeta = sum
// of dy, dgamma = sum of dy z, dx = gamma r (dy - dbeta / B - z dgamma / B); with moving averages dx = gamma r dy.
#include <weft/core/error.h>
#include <weft/core/ops/column_sums.h>
#include <weft/core/ops/gradient_check.h>
#include <weft/core/ops/ops.h>
#include <weft/core/parallel.h>

#include <doctest/doctest.h>
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace weft {
namespace {

using detail::kRowsAtOnce;

void check(const Var& x, std::initializer_list<const Parameter*> parameters) {
  if (x.shape().rank() != 2) {
    throw ValueError("[batch_norm] x: got shape " + to_string(x.shape()) + ", expected [batch, width].");
  }
  for (const Parameter* parameter : parameters) {
    if (parameter->shape() == Shape{x.shape()[1]}) continue;
    throw ValueError("[batch_norm] '" + parameter->name() + "': got shape " + to_string(parameter->shape()) +
                     " for an input of " + to_string(x.shape()) + ", expected one number a column.");
  }
}

/// What the columns are normalised with: mean, r and the variance, each [width].
struct Columns {
  Buffer numbers;
  float *mean, *r, *variance;
  explicit Columns(int64_t width)
      : numbers(3 * static_cast<size_t>(width) * sizeof(float)),
        mean(numbers.as<float>()),
        r(mean + width),
        variance(r + width) {}
};

void batch_columns(const Tensor& x, const Columns& columns) {
  const int64_t B = x.shape()[0], W = x.shape()[1];
  const auto rows = static_cast<double>(B);
  const Buffer sums = detail::column_sums(B, W, [&](int64_t b, int64_t k) { return double{x[b * W + k]}; });
  for (int64_t k = 0; k < W; ++k) columns.mean[k] = static_cast<float>(sums.as<double>()[k] / rows);
  const Buffer squares = detail::column_sums(B, W, [&](int64_t b, int64_t k) {
    const double difference = double{x[b * W + k]} - columns.mean[k];
    return difference * difference;
  });
  for (int64_t k = 0; k < W; ++k) columns.variance[k] = static_cast<float>(squares.as<double>()[k] / rows);
}

void forward(const Tensor& x, const Columns& columns, const float* gamma, const float* beta, Tensor& y) {
  const int64_t W = x.shape()[1];
  parallel_for(x.shape()[0], kRowsAtOnce, [&](int64_t begin, int64_t end) {
    for (int64_t b = begin; b < end; ++b) {
      const float* in = x.data() + b * W;
      float* out = y.data() + b * W;
      for (int64_t k = 0; k < W; ++k) out[k] = gamma[k] * ((in[k] - columns.mean[k]) * columns.r[k]) + beta[k];
    }
  });
}

/// moving -= (moving - batch) (1 - momentum), as TensorFlow rounds it.
void move(Parameter& moving, const float* batch, double momentum) {
  const auto share = static_cast<float>(1.0 - momentum);
  float* average = moving.value().data;
  for (int64_t k = 0; k < moving.value().size(); ++k) average[k] -= (average[k] - batch[k]) * share;
}

void add_gradient(Parameter& parameter, const double* sums) {
  if (!parameter.trainable()) return;
  const auto gradient = parameter.add_to_gradient();
  for (int64_t k = 0; k < parameter.value().size(); ++k) {
    gradient.data[k] = (gradient.fresh ? 0.0f : gradient.data[k]) + static_cast<float>(sums[k]);
  }
}

/// dx += gamma r (dy - dbeta / B - z dgamma / B), without the last two if there are no sums.
void input_gradient(Var x, const float* dy, const Columns& columns, const float* gamma, const double* dbeta,
                    const double* dgamma) {
  const int64_t B = x.shape()[0], W = x.shape()[1];
  const float* in = x.value().data();
  float* dx = x.gradient_sum();
  const double share = dbeta ? 1.0 / static_cast<double>(B) : 0.0;
  parallel_for(B, kRowsAtOnce, [&](int64_t begin, int64_t end) {
    for (int64_t b = begin; b < end; ++b) {
      for (int64_t k = 0; k < W; ++k) {
        const int64_t i = b * W + k;
        const float z = (in[i] - columns.mean[k]) * columns.r[k];
        const double through = dbeta ? share * (dbeta[k] + z * dgamma[k]) : 0.0;
        dx[i] += gamma[k] * columns.r[k] * static_cast<float>(dy[i] - through);
      }
    }
  });
}

}  // namespace

Var batch_norm(Var x, Parameter& gamma, Parameter& beta, Parameter& moving_mean, Parameter& moving_variance,
               const BatchNormOptions& options) {
  check(x, {&gamma, &beta, &moving_mean, &moving_variance});
  const int64_t B = x.shape()[0], W = x.shape()[1];
  const bool of_batch = x.tape().training() && B > 0;
  const Columns columns(W);
  if (of_batch) {
    batch_columns(x.value(), columns);
  } else {
    std::copy_n(moving_mean.value().data, W, columns.mean);
    std::copy_n(moving_variance.value().data, W, columns.variance);
  }
  for (int64_t k = 0; k < W; ++k) columns.r[k] = 1.0f / std::sqrt(columns.variance[k] + options.epsilon);
  Var out = x.tape().make(x.shape());
  forward(x.value(), columns, gamma.value().data, beta.value().data, out.value());
  x.tape().record(out, [=, &gamma, &beta, &moving_mean, &moving_variance, momentum = options.momentum] {
    const float *dy = out.gradient()->data(), *in = x.value().data();
    const Buffer dbeta = detail::column_sums(B, W, [&](int64_t b, int64_t k) { return double{dy[b * W + k]}; });
    const Buffer dgamma = detail::column_sums(B, W, [&](int64_t b, int64_t k) {
      return double{dy[b * W + k]} * ((in[b * W + k] - columns.mean[k]) * columns.r[k]);
    });
    add_gradient(beta, dbeta.as<double>());
    add_gradient(gamma, dgamma.as<double>());
    if (x.needs_gradient()) {
      input_gradient(x, dy, columns, gamma.value().data, of_batch ? dbeta.as<double>() : nullptr,
                     of_batch ? dgamma.as<double>() : nullptr);
    }
    if (!of_batch) return;
    move(moving_mean, columns.mean, momentum);
    move(moving_variance, columns.variance, momentum);
  });
  return out;
}

namespace {

struct Norm {
  ParameterStore params;
  Parameter &gamma, &beta, &mean, &variance;
  explicit Norm(int64_t width)
      : gamma(params.add({.name = "gamma", .shape = {width}, .initializer = random_normal_initializer()})),
        beta(params.add({.name = "beta", .shape = {width}, .initializer = random_normal_initializer()})),
        mean(params.add(
            {.name = "moving_mean", .shape = {width}, .initializer = zeros_initializer(), .trainable = false})),
        variance(params.add(
            {.name = "moving_variance", .shape = {width}, .initializer = ones_initializer(), .trainable = false})) {}
  Var operator()(Var x) { return batch_norm(x, gamma, beta, mean, variance); }
};

Tensor input(int64_t B, int64_t W) {
  Tensor x({B, W});
  random_normal_initializer({.mean = 1, .stddev = 3})(x.values(), 0, x.shape(), {5, 6});
  return x;
}

}  // namespace

TEST_CASE("batch_norm: values of a batch by hand; the averages move when the gradient comes") {
  Norm norm(1);
  norm.gamma.value().data[0] = 2;
  norm.beta.value().data[0] = 10;
  Tape tape;
  const Var x = tape.leaf(Tensor({2, 1}, {1, 5}));
  const Var y = norm(x);  // mean 3, variance 4
  CHECK(y.value()[0] == doctest::Approx(10 - 4 / std::sqrt(4.001)));
  CHECK(y.value()[1] == doctest::Approx(10 + 4 / std::sqrt(4.001)));
  CHECK(norm.mean.value().data[0] == 0);
  tape.backward(y, Tensor({2, 1}, {1, 2}));
  CHECK(norm.mean.value().data[0] == 0.003f);
  CHECK(norm.variance.value().data[0] == doctest::Approx(1.003));
  CHECK(norm.beta.dense_gradient()[0] == 3);
  CHECK(norm.gamma.dense_gradient()[0] == doctest::Approx(2 / std::sqrt(4.001)));
}

TEST_CASE("batch_norm: the moving averages outside training") {
  Norm norm(1);
  norm.gamma.value().data[0] = 2;
  norm.beta.value().data[0] = 10;
  norm.mean.value().data[0] = 1;
  norm.variance.value().data[0] = 0.999f;
  Tape tape({.record = true, .training = false});
  const Var x = tape.leaf(Tensor({1, 1}, {4}));
  const Var y = norm(x);
  CHECK(y.item() == doctest::Approx(16));
  tape.backward(y);
  CHECK(x.gradient()->item() == doctest::Approx(2));
  CHECK(norm.gamma.dense_gradient()[0] == doctest::Approx(3));
  CHECK(norm.mean.value().data[0] == 1);
}

TEST_CASE("batch_norm: gradients against finite differences") {
  Norm norm(3);
  const Tensor x = input(7, 3);
  const auto loss = [&](Var v) { return sum(square(tanh(norm(v)))); };
  CHECK(gradient_error(loss, x) < 2e-3);
  const auto of_tape = [&](Tape& tape) { return loss(tape.leaf(x)); };
  CHECK(gradient_error(of_tape, norm.gamma) < 2e-3);
  CHECK(gradient_error(of_tape, norm.beta) < 2e-3);
}

TEST_CASE("batch_norm: the same bits for any number of threads") {
  std::vector<float> first;
  for (const int threads : {1, 2, 3}) {
    const ThreadLimit limit(threads);
    Norm norm(33);
    Tape tape;
    const Var x = tape.leaf(input(1000, 33));
    tape.backward(sum(square(tanh(norm(x)))));
    std::vector<float> got(x.gradient()->values().begin(), x.gradient()->values().end());
    for (const Parameter* p : {&norm.gamma, &norm.beta}) {
      got.insert(got.end(), p->dense_gradient(), p->dense_gradient() + 33);
    }
    got.insert(got.end(), norm.variance.value().data, norm.variance.value().data + 33);
    if (threads == 1) first = got;
    CHECK(got == first);
  }
}

TEST_CASE("batch_norm: an empty batch moves nothing, shapes that don't fit") {
  Norm norm(2);
  Tape tape;
  const Var y = norm(tape.leaf(Tensor(Shape{0, 2})));
  CHECK(y.shape() == Shape{0, 2});
  tape.backward(y, Tensor(Shape{0, 2}));
  CHECK(norm.mean.value().data[0] == 0);
  CHECK(norm.gamma.dense_gradient()[1] == 0);
  CHECK_THROWS_AS(norm(tape.leaf(Tensor::zeros({2, 3}))), ValueError);
  CHECK_THROWS_AS(norm(tape.leaf(Tensor::zeros({2}))), ValueError);
}

}  // namespace weft
