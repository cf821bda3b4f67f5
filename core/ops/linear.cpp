// linear: y = act(x W + b); with dz = dy act'(y): dx = dz W^T, dW = x^T dz, db = column sums of dz.
#include <weft/core/error.h>
#include <weft/core/gemm.h>
#include <weft/core/kernels.h>
#include <weft/core/ops/gradient_check.h>
#include <weft/core/ops/ops.h>
#include <weft/core/ops/partial_sums.h>
#include <weft/core/parallel.h>
#include <weft/core/stage_timer.h>

#include <doctest/doctest.h>
#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace weft {
namespace {

// B batch, I inputs, U units.

void check(const Var& x, const Parameter& kernel, const Parameter& bias) {
  const Shape &w = kernel.shape(), &b = bias.shape();
  if (x.shape().rank() != 2 || w.rank() != 2 || x.shape()[1] != w[0]) {
    throw ValueError("[linear] '" + kernel.name() + "': input and kernel don't fit: got " + to_string(x.shape()) +
                     " and " + to_string(w) + ", expected [batch, inputs] and [inputs, units].");
  }
  if (b.rank() != 1 || b[0] != w[1]) {
    throw ValueError("[linear] '" + bias.name() + "': got shape " + to_string(b) + ", expected [" +
                     std::to_string(w[1]) + "], one number a unit.");
  }
}

/// One unit: y[b] = act(x[b] . w + bias). A product with one column is a dot product a row.
void forward_one(const Tensor& x, const float* w, float bias, bool relu, Tensor& y) {
  const int64_t I = x.shape()[1];
  const auto& set = kernels::best();
  parallel_for(x.shape()[0], kRowsOfPiece, [&](int64_t begin, int64_t end) {
    for (int64_t b = begin; b < end; ++b) {
      const float sum = set.dot(x.data() + b * I, w, I) + bias;
      y[b] = relu ? std::max(sum, 0.0f) : sum;
    }
  });
}

void forward(const Tensor& x, const Parameter& kernel, const Parameter& bias, bool relu, MatmulPrecision precision,
             Tensor& y) {
  const StageTimer timer(Stage::forward);
  const RowsView w = kernel.value(), b = bias.value();
  if (w.width == 1) return forward_one(x, w.data, b.data[0], relu, y);
  gemm({.m = x.shape()[0],
        .n = w.width,
        .k = w.rows,
        .a = x.data(),
        .a_stride = w.rows,
        .b = w.data,
        .b_stride = w.stride,
        .c = y.data(),
        .c_stride = w.width,
        .bias = b.data,
        .relu = relu,
        .precision = precision});
}

/// dW of one unit: the sum of the rows of x, each times its dz.
void kernel_gradient_one(const Tensor& x, const float* dz, Parameter& kernel) {
  const int64_t B = x.shape()[0], I = x.shape()[1];
  const int64_t pieces = pieces_of(B);
  const Buffer partial(static_cast<size_t>(pieces * I) * sizeof(float));
  parallel_for(B, kRowsOfPiece, [&](int64_t begin, int64_t end) {
    float* sums = partial.as<float>() + begin / kRowsOfPiece * I;
    std::fill_n(sums, I, 0.0f);
    for (int64_t b = begin; b < end; ++b) kernels::best().axpy(dz[b], x.data() + b * I, sums, I);
  });
  add_partial_sums(partial.as<float>(), pieces, I, kernel);
}

void kernel_gradient(const Tensor& x, const float* dz, MatmulPrecision precision, Parameter& kernel) {
  const int64_t B = x.shape()[0], I = kernel.shape()[0], U = kernel.shape()[1];
  if (!kernel.trainable()) return;
  if (B == 0) return add_partial_sums(nullptr, 0, I * U, kernel);
  if (U == 1) return kernel_gradient_one(x, dz, kernel);
  const auto sum = kernel.add_to_gradient();
  gemm({.m = I,
        .n = U,
        .k = B,
        .a = x.data(),
        .a_stride = I,
        .transpose_a = true,
        .b = dz,
        .b_stride = U,
        .c = sum.data,
        .c_stride = U,
        .accumulate = !sum.fresh,
        .precision = precision});
}

void input_gradient(const float* dz, const Parameter& kernel, MatmulPrecision precision, Var x) {
  const int64_t B = x.shape()[0], I = kernel.shape()[0], U = kernel.shape()[1];
  const RowsView w = kernel.value();
  const auto dx = x.add_to_gradient();
  if (U > 1) {
    return gemm({.m = B,
                 .n = I,
                 .k = U,
                 .a = dz,
                 .a_stride = U,
                 .b = w.data,
                 .b_stride = w.stride,
                 .transpose_b = true,
                 .c = dx.data,
                 .c_stride = I,
                 .accumulate = !dx.fresh,
                 .precision = precision});
  }
  parallel_for(B, kRowsOfPiece, [&](int64_t begin, int64_t end) {
    for (int64_t b = begin; b < end; ++b) {
      if (dx.fresh) std::fill_n(dx.data + b * I, I, 0.0f);
      kernels::best().axpy(dz[b], w.data, dx.data + b * I, I);
    }
  });
}

}  // namespace

Var linear(Var x, Parameter& kernel, Parameter& bias, Activation activation, MatmulPrecision precision) {
  check(x, kernel, bias);
  Tape& tape = x.tape();
  const int64_t B = x.shape()[0], U = kernel.shape()[1];
  Var y = tape.make({B, U});
  // relu is part of the product; any other activation is an op of its own on the sums.
  const bool fused = activation == relu;
  forward(x.value(), kernel, bias, fused, precision, y.value());
  tape.record(y, [x, y, fused, precision, B, U, &kernel, &bias] {
    const StageTimer timer(Stage::backward);
    float* dz = y.gradient_sum();  // dy is read by nobody after this op
    if (fused) {
      relu_and_bias_gradient(dz, y.value().data(), B, U, bias);
    } else {
      add_bias_gradient(dz, B, U, bias);
    }
    kernel_gradient(x.value(), dz, precision, kernel);
    if (x.needs_gradient()) input_gradient(dz, kernel, precision, x);
  });
  return fused || activation == nullptr ? y : activation(y);
}

namespace {

struct Layer {
  ParameterStore params;
  Parameter &kernel, &bias;
  Layer(int64_t I, int64_t U)
      : kernel(params.add({.name = "kernel", .shape = {I, U}, .initializer = random_normal_initializer()})),
        bias(params.add({.name = "bias", .shape = {U}, .initializer = random_normal_initializer()})) {}
};

/// An activation that is not part of the product.
Var twice(Var x) {
  const Var parts[] = {x, x};
  return concat(parts);
}

Tensor input(int64_t B, int64_t I) {
  Tensor x({B, I});
  random_normal_initializer()(x.values(), 0, x.shape(), {5, 6});
  return x;
}

}  // namespace

TEST_CASE("linear: values by hand") {
  Layer layer(2, 2);
  std::ranges::copy(std::array<float, 4>{1, 2, 3, -4}, layer.kernel.value().data);
  std::ranges::copy(std::array<float, 2>{10, 1}, layer.bias.value().data);
  Tape tape;
  const Var y = linear(tape.constant(Tensor({1, 2}, {1, 1})), layer.kernel, layer.bias, relu);
  CHECK(y.value()[0] == 14);
  CHECK(y.value()[1] == 0);
}

TEST_CASE("linear: gradients against finite differences, one unit and several, used twice") {
  for (const int64_t U : {1, 3}) {
    for (const Activation activation : {Activation{}, Activation{relu}, Activation{twice}}) {
      Layer layer(4, U);
      const Tensor x = input(6, 4);
      const auto loss = [&](Var v) {
        const Var parts[] = {linear(v, layer.kernel, layer.bias, activation), linear(v, layer.kernel, layer.bias)};
        return sum(concat(parts));
      };
      const auto of_tape = [&](Tape& tape) { return loss(tape.leaf(x)); };
      CHECK(gradient_error(loss, x, 1e-3f) < 3e-3);
      CHECK(gradient_error(of_tape, layer.kernel, 1e-3f) < 3e-3);
      CHECK(gradient_error(of_tape, layer.bias, 1e-3f) < 3e-3);
    }
  }
}

TEST_CASE("linear: bfloat16 products are those of rounded factors, forward and backward") {
  // 257 is no bfloat16: it is halfway between 256 and 258, and 256 is even.
  for (const auto& [precision, taken] :
       {std::pair{MatmulPrecision::float32, 257.0f}, {MatmulPrecision::bfloat16, 256.0f}}) {
    Layer layer(1, 2);
    std::ranges::copy(std::array<float, 2>{257, 3}, layer.kernel.value().data);
    std::ranges::fill_n(layer.bias.value().data, 2, 0.5f);
    Tape tape;
    const Var x = tape.leaf(Tensor({1, 1}, {257}));
    const Var y = linear(x, layer.kernel, layer.bias, nullptr, precision);
    CHECK(y.value()[0] == taken * taken + 0.5f);
    CHECK(y.value()[1] == 3 * taken + 0.5f);
    tape.backward(sum(y));
    CHECK(x.gradient()->values()[0] == taken + 3);
    CHECK(layer.kernel.dense_gradient()[1] == taken);
    CHECK(layer.bias.dense_gradient()[1] == 1);
  }
}

TEST_CASE("linear: the same bits for any number of threads") {
  for (const int64_t U : {1, 96}) {
    std::vector<float> first;
    for (const int threads : {1, 2, 3}) {
      const ThreadLimit limit(threads);
      Layer layer(128, U);
      Tape tape;
      const Var x = tape.leaf(input(1000, 128));
      tape.backward(sum(linear(x, layer.kernel, layer.bias, relu)));
      std::vector<float> got(x.gradient()->values().begin(), x.gradient()->values().end());
      got.insert(got.end(), layer.kernel.dense_gradient(), layer.kernel.dense_gradient() + 128 * U);
      got.insert(got.end(), layer.bias.dense_gradient(), layer.bias.dense_gradient() + U);
      if (threads == 1) first = got;
      CHECK(got == first);
    }
  }
}

TEST_CASE("linear: an empty batch, and shapes that don't fit") {
  Layer layer(4, 3);
  Tape tape;
  const Var y = linear(tape.constant(Tensor(Shape{0, 4})), layer.kernel, layer.bias);
  CHECK(y.shape() == Shape{0, 3});
  tape.backward(sum(y));
  CHECK(layer.kernel.dense_gradient()[11] == 0);
  CHECK(layer.bias.dense_gradient()[2] == 0);
  CHECK_THROWS_AS(linear(tape.constant(input(2, 5)), layer.kernel, layer.bias), ValueError);
  CHECK_THROWS_AS(linear(tape.constant(input(2, 4)), layer.kernel, layer.kernel), ValueError);
}

}  // namespace weft
