// sigmoid_cross_entropy: l = max(x, 0) - x y + log(1 + exp(-|x|)); dl/dx = sigmoid(x) - y.
#include <weft/core/elementwise.h>
#include <weft/core/error.h>
#include <weft/core/ops/gradient_check.h>
#include <weft/core/ops/loss.h>

#include <doctest/doctest.h>
#include <algorithm>
#include <cmath>
#include <string>

namespace weft {
namespace {

/// As exact as float32 can be: gradients steer the training, and near a kink of relu the last bits do.
float sigmoid(float x) {
  const float e = std::exp(-std::abs(x));
  return (x >= 0.0f ? 1.0f : e) / (1.0f + e);
}

/// log(1 + exp(-|x|)) of every number: softplus(-|x|).
Buffer logs_of(const Tensor& x) {
  const int64_t n = x.size();
  const Buffer minus_sizes(static_cast<size_t>(n) * sizeof(float)), out(static_cast<size_t>(n) * sizeof(float));
  for (int64_t i = 0; i < n; ++i) minus_sizes.as<float>()[i] = -std::abs(x[i]);
  kernels::functions().softplus.forward(minus_sizes.as<float>(), out.as<float>(), n);
  return out;
}

void check(const Var& logits, std::span<const float> labels) {
  const Shape& shape = logits.shape();
  if (shape.rank() != 2 || shape[1] != 1 || shape[0] != static_cast<int64_t>(labels.size())) {
    throw ValueError("[sigmoid_cross_entropy] logits and labels must have the same shape: got " + to_string(shape) +
                     " and [" + std::to_string(labels.size()) + "], expected [batch, 1] and [batch].");
  }
}

}  // namespace

Var sigmoid_cross_entropy(Var logits, std::span<const float> labels, const LossOptions& options) {
  check(logits, labels);
  const auto batch = static_cast<int64_t>(labels.size());
  const Buffer factors = detail::loss_weights("sigmoid_cross_entropy", batch, options).factors;
  Var out = logits.tape().make({});
  Tensor dlogits({batch});
  const Buffer logs = logs_of(logits.value());
  double total = 0.0;
  for (int64_t b = 0; b < batch; ++b) {
    const float x = logits.value()[b], y = labels[static_cast<size_t>(b)], factor = factors.as<float>()[b];
    total += static_cast<double>(factor) * (std::max(x, 0.0f) - x * y + logs.as<float>()[b]);
    dlogits[b] = factor * (sigmoid(x) - y);
  }
  out.value()[0] = static_cast<float>(total);
  if (logits.needs_gradient()) {
    logits.tape().record(out, [logits, out, dlogits = dlogits.buffer()] {
      const float dy = out.gradient()->item();
      float* dx = logits.gradient_sum();
      for (int64_t b = 0; b < logits.value().size(); ++b) dx[b] += dy * dlogits.as<float>()[b];
    });
  }
  return out;
}

Var sigmoid_cross_entropy(Var logits, const Feature& labels, const LossOptions& options) {
  const Tensor values =
      detail::label_values("sigmoid_cross_entropy", labels, logits.shape().rank() > 0 ? logits.shape()[0] : 0);
  return sigmoid_cross_entropy(logits, values.values(), options);
}

TEST_CASE("sigmoid_cross_entropy: values by hand, large logits stay finite") {
  Tape tape;
  const Var x = tape.leaf(Tensor({3, 1}, {0, 100, -100}));
  const float labels[] = {1, 0, 0};
  CHECK(sigmoid_cross_entropy(x, labels).item() == doctest::Approx(std::log(2.0) + 100.0));
  const float weights[] = {2, 0, 5};
  CHECK(sigmoid_cross_entropy(x, labels, {.weights = weights}).item() == doctest::Approx(2 * std::log(2.0)));
}

TEST_CASE("sigmoid_cross_entropy: gradient against finite differences") {
  const Tensor x({4, 1}, {0.3f, -1.2f, 2.0f, 0.0f});
  const float labels[] = {1, 0, 0.25f, 1}, weights[] = {1, 2, 0, 0.5f};
  for (const auto reduction : {Reduction::sum, Reduction::mean, Reduction::sum_over_batch_size}) {
    const LossOptions options{.weights = weights, .reduction = reduction};
    CHECK(gradient_error([&](Var v) { return sigmoid_cross_entropy(v, labels, options); }, x) < 1e-3);
  }
}

TEST_CASE("sigmoid_cross_entropy: labels of a batch, and those that can't be") {
  Tape tape;
  const Var x = tape.leaf(Tensor({2, 1}, {0, 0}));
  CHECK(sigmoid_cross_entropy(x, dense_feature(std::vector<int64_t>{1, 0})).item() ==
        doctest::Approx(2 * std::log(2.0)));
  Feature strings = dense_feature(std::vector<int64_t>{1, 0});
  strings.type = DataType::string;
  CHECK_THROWS_AS(sigmoid_cross_entropy(x, strings), ValueError);
  CHECK_THROWS_AS(sigmoid_cross_entropy(x, dense_feature(std::vector<int64_t>{1})), ValueError);
  const float labels[] = {1};
  CHECK_THROWS_AS(sigmoid_cross_entropy(x, labels), ValueError);
  CHECK(sigmoid_cross_entropy(tape.leaf(Tensor(Shape{0, 1})), std::span<const float>()).item() == 0);
}

}  // namespace weft
