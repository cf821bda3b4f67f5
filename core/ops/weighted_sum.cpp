// weighted_sum: y = b + sum over blocks of x_k W_k (or x_k); dW_k = x_k^T dy, dx_k = dy W_k^T (or dy), db = column
// sums.
#include <weft/core/error.h>
#include <weft/core/kernels.h>
#include <weft/core/ops/gradient_check.h>
#include <weft/core/ops/ops.h>
#include <weft/core/ops/partial_sums.h>
#include <weft/core/ops/weighted_sum.h>
#include <weft/core/parallel.h>

#include <doctest/doctest.h>
#include <algorithm>
#include <string>
#include <vector>

namespace weft {
namespace {

// B batch, I inputs, U units, w a block's width.

void check(const Var& x, std::span<const WeightedBlock> blocks, const Parameter& bias) {
  const int64_t U = bias.value().size();
  if (x.shape().rank() != 2 || bias.shape().rank() != 1) {
    throw ValueError("[weighted_sum] got an input " + to_string(x.shape()) + " and a bias " + to_string(bias.shape()) +
                     ", expected [batch, inputs] and [units].");
  }
  for (const WeightedBlock& block : blocks) {
    const bool fits = block.first >= 0 && block.width >= 0 && block.first + block.width <= x.shape()[1];
    const bool kernel_fits =
        block.kernel == nullptr ? block.width == U : block.kernel->shape() == Shape{block.width, U};
    if (fits && kernel_fits) continue;
    throw ValueError("[weighted_sum] columns [" + std::to_string(block.first) + ", " +
                     std::to_string(block.first + block.width) + ") of " + to_string(x.shape()) + " don't fit " +
                     (block.kernel == nullptr ? "the units" : "kernel " + to_string(block.kernel->shape())) +
                     ": expected [width, " + std::to_string(U) + "].");
  }
}

/// y += x W for one row: x [w], y [U].
void add_product(const float* x, const RowsView& w, float* y) {
  if (w.width == 1) {
    *y += kernels::best().dot(x, w.data, w.rows);
    return;
  }
  for (int64_t i = 0; i < w.rows; ++i) kernels::best().axpy(x[i], w.row(i).data(), y, w.width);
}

/// dx += dy W^T for one row.
void add_transposed_product(const float* dy, const RowsView& w, float* dx) {
  if (w.width == 1) return kernels::best().axpy(*dy, w.data, dx, w.rows);
  for (int64_t i = 0; i < w.rows; ++i) dx[i] += kernels::best().dot(dy, w.row(i).data(), w.width);
}

void forward(const Tensor& x, std::span<const WeightedBlock> blocks, const Parameter& bias, Tensor& y) {
  const int64_t I = x.shape()[1], U = bias.value().size();
  parallel_for(x.shape()[0], kRowsOfPiece, [&](int64_t begin, int64_t end) {
    for (int64_t b = begin; b < end; ++b) {
      float* row = y.data() + b * U;
      std::copy_n(bias.value().data, U, row);
      for (const WeightedBlock& block : blocks) {
        const float* columns = x.data() + b * I + block.first;
        if (block.kernel != nullptr) {
          add_product(columns, block.kernel->value(), row);
        } else {
          for (int64_t u = 0; u < U; ++u) row[u] += columns[u];
        }
      }
    }
  });
}

void input_gradient(const float* dy, std::span<const WeightedBlock> blocks, int64_t U, Var x) {
  const int64_t I = x.shape()[1];
  float* dx = x.gradient_sum();
  parallel_for(x.shape()[0], kRowsOfPiece, [&](int64_t begin, int64_t end) {
    for (int64_t b = begin; b < end; ++b) {
      for (const WeightedBlock& block : blocks) {
        if (block.constant) continue;
        float* columns = dx + b * I + block.first;
        if (block.kernel != nullptr) {
          add_transposed_product(dy + b * U, block.kernel->value(), columns);
        } else {
          for (int64_t u = 0; u < U; ++u) columns[u] += dy[b * U + u];
        }
      }
    }
  });
}

void kernel_gradient(const Tensor& x, const float* dy, int64_t U, const WeightedBlock& block) {
  if (!block.kernel->trainable()) return;
  const int64_t B = x.shape()[0], I = x.shape()[1], count = block.width * U;
  const int64_t pieces = pieces_of(B);
  const Buffer partial(static_cast<size_t>(pieces * count) * sizeof(float));
  parallel_for(B, kRowsOfPiece, [&](int64_t begin, int64_t end) {
    float* sums = partial.as<float>() + begin / kRowsOfPiece * count;
    std::fill_n(sums, count, 0.0f);
    for (int64_t b = begin; b < end; ++b) {
      const float* columns = x.data() + b * I + block.first;
      if (U == 1) {
        kernels::best().axpy(dy[b], columns, sums, block.width);
      } else {
        for (int64_t i = 0; i < block.width; ++i) kernels::best().axpy(columns[i], dy + b * U, sums + i * U, U);
      }
    }
  });
  add_partial_sums(partial.as<float>(), pieces, count, *block.kernel);
}

}  // namespace

Var weighted_sum(Var x, std::span<const WeightedBlock> blocks, Parameter& bias) {
  check(x, blocks, bias);
  const int64_t B = x.shape()[0], U = bias.value().size();
  Tape& tape = x.tape();
  Var y = tape.make({B, U});
  forward(x.value(), blocks, bias, y.value());
  tape.record(y, [x, y, blocks, B, U, &bias] {
    const float* dy = y.gradient()->data();
    add_bias_gradient(dy, B, U, bias);
    for (const WeightedBlock& block : blocks) {
      if (block.kernel != nullptr) kernel_gradient(x.value(), dy, U, block);
    }
    if (x.needs_gradient()) input_gradient(dy, blocks, U, x);
  });
  return y;
}

namespace {

/// Five columns: two with a kernel, U that are sums, one with a kernel.
struct Linear {
  ParameterStore params{{.seed = 7}};
  Parameter &a, &c, &bias;
  std::vector<WeightedBlock> blocks;
  Parameter& add(const char* name, const Shape& shape) {
    return params.add({.name = name, .shape = shape, .initializer = random_normal_initializer()});
  }
  explicit Linear(int64_t U) : a(add("a", {2, U})), c(add("c", {1, U})), bias(add("bias", {U})) {
    blocks = {{0, 2, &a, false}, {2, U, nullptr, false}, {2 + U, 1, &c, false}};
  }
};

}  // namespace

TEST_CASE("weighted sum: values and gradients by hand") {
  Linear model(1);
  model.a.value().data[0] = 2;
  model.a.value().data[1] = 3;
  model.c.value().data[0] = 5;
  model.bias.value().data[0] = 100;
  model.blocks[2].constant = true;
  Tape tape;
  const Var x = tape.leaf(Tensor({2, 4}, {1, 1, 10, 1, 0, 2, 20, -1}));
  const Var y = weighted_sum(x, model.blocks, model.bias);
  CHECK(y.value()[0] == 120);
  CHECK(y.value()[1] == 121);
  tape.backward(y, Tensor({2, 1}, {1, 10}));
  CHECK(model.a.dense_gradient()[0] == 1);
  CHECK(model.a.dense_gradient()[1] == 21);
  CHECK(model.c.dense_gradient()[0] == -9);
  CHECK(model.bias.dense_gradient()[0] == 11);
  const float want[] = {2, 3, 1, 0, 20, 30, 10, 0};
  CHECK(std::ranges::equal(x.gradient()->values(), want));
}

TEST_CASE("weighted sum: gradients against finite differences, one unit and several") {
  for (const int64_t U : {1, 3}) {
    Linear model(U);
    Tensor x({5, 3 + U});
    random_normal_initializer()(x.values(), 0, x.shape(), {5, 6});
    const auto loss = [&](Var v) {
      const Var parts[] = {weighted_sum(v, model.blocks, model.bias), weighted_sum(v, model.blocks, model.bias)};
      return sum(concat(parts));
    };
    const auto of_tape = [&](Tape& tape) { return loss(tape.leaf(x)); };
    CHECK(gradient_error(loss, x) < 1e-3);
    for (Parameter* parameter : {&model.a, &model.c, &model.bias}) CHECK(gradient_error(of_tape, *parameter) < 1e-3);
  }
}

TEST_CASE("weighted sum: the same bits for any number of threads") {
  for (const int64_t U : {1, 4}) {
    std::vector<float> first;
    for (const int threads : {1, 3}) {
      const ThreadLimit limit(threads);
      Linear model(U);
      Tensor x({1000, 3 + U});
      random_normal_initializer()(x.values(), 0, x.shape(), {5, 6});
      Tape tape;
      const Var in = tape.leaf(x), y = weighted_sum(in, model.blocks, model.bias);
      tape.backward(sum(y));
      std::vector<float> got(y.value().values().begin(), y.value().values().end());
      got.insert(got.end(), in.gradient()->values().begin(), in.gradient()->values().end());
      got.insert(got.end(), model.a.dense_gradient(), model.a.dense_gradient() + 2 * U);
      got.insert(got.end(), model.bias.dense_gradient(), model.bias.dense_gradient() + U);
      if (threads == 1) first = got;
      CHECK(got == first);
    }
  }
}

TEST_CASE("weighted sum: an empty batch, and what doesn't fit") {
  Linear model(2);
  Tape tape;
  const Var y = weighted_sum(tape.leaf(Tensor::zeros({0, 5})), model.blocks, model.bias);
  CHECK(y.shape() == Shape{0, 2});
  tape.backward(sum(y));
  CHECK(model.a.dense_gradient()[3] == 0);
  CHECK_THROWS_AS(weighted_sum(tape.leaf(Tensor::zeros({1, 4})), model.blocks, model.bias), ValueError);
  CHECK_THROWS_AS(weighted_sum(tape.leaf(Tensor::zeros({5})), model.blocks, model.bias), ValueError);
  model.blocks[1].width = 1;
  CHECK_THROWS_AS(weighted_sum(tape.leaf(Tensor::zeros({1, 5})), model.blocks, model.bias), ValueError);
}

}  // namespace weft
