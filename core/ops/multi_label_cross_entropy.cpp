// multi_label_cross_entropy: l = 1/C sum over c of max(x, 0) - x y + log(1 + exp(-|x|)); dl/dx = (sigmoid(x) - y) / C.
#include <weft/core/error.h>
#include <weft/core/ops/gradient_check.h>
#include <weft/core/ops/loss.h>
#include <weft/core/ops/losses.h>

#include <doctest/doctest.h>
#include <algorithm>
#include <cmath>
#include <string>

namespace weft {
namespace {

float loss_of(float x, float y) {
  return std::max(x, 0.0f) - x * y + std::log1p(std::exp(-std::abs(x)));
}

float sigmoid(float x) {
  const float e = std::exp(-std::abs(x));
  return (x >= 0.0f ? 1.0f : e) / (1.0f + e);
}

}  // namespace

Var multi_label_cross_entropy(Var logits, std::span<const float> labels, const LossOptions& options) {
  const Tensor& x = logits.value();
  if (x.shape().rank() != 2 || x.size() != static_cast<int64_t>(labels.size())) {
    throw ValueError("[multi_label_cross_entropy] logits and labels must have the same shape: got " +
                     to_string(x.shape()) + " and [" + std::to_string(labels.size()) +
                     "], expected [batch, classes] and as many labels.");
  }
  const int64_t batch = x.shape()[0], classes = x.shape()[1];
  const Buffer factors = detail::loss_weights("multi_label_cross_entropy", batch, options).factors;
  Var out = logits.tape().make({});
  Tensor dlogits({batch * classes});
  double total = 0.0;
  for (int64_t i = 0; i < batch * classes; ++i) {
    const float y = labels[static_cast<size_t>(i)];
    const float factor = factors.as<float>()[i / classes] / static_cast<float>(classes);
    total += static_cast<double>(factor) * loss_of(x[i], y);
    dlogits[i] = factor * (sigmoid(x[i]) - y);
  }
  out.value()[0] = static_cast<float>(total);
  if (logits.needs_gradient()) {
    logits.tape().record(out, [logits, out, dlogits = dlogits.buffer()] {
      const float dy = out.gradient()->item();
      float* dx = logits.gradient_sum();
      for (int64_t i = 0; i < logits.value().size(); ++i) dx[i] += dy * dlogits.as<float>()[i];
    });
  }
  return out;
}

TEST_CASE("multi_label_cross_entropy: values by hand, large logits stay finite") {
  Tape tape;
  const float labels[] = {1, 0, 0, 1}, weights[] = {2, 1};
  const Var zeros = tape.leaf(Tensor({2, 2}, {0, 0, 0, 0}));
  CHECK(multi_label_cross_entropy(zeros, labels).item() == doctest::Approx(2 * std::log(2.0)));
  CHECK(multi_label_cross_entropy(zeros, labels, {.weights = weights, .reduction = Reduction::sum_over_batch_size})
            .item() == doctest::Approx(1.5 * std::log(2.0)));
  const Var large = tape.leaf(Tensor({2, 2}, {200, 200, -200, -200}));
  CHECK(multi_label_cross_entropy(large, labels).item() == doctest::Approx(200.0));
}

TEST_CASE("multi_label_cross_entropy: gradient against finite differences") {
  const Tensor x({2, 3}, {0.3f, -1.2f, 2.0f, 0.0f, 0.7f, -0.1f});
  const float labels[] = {1, 0, 1, 0, 0, 1}, weights[] = {1, 0.5f};
  const LossOptions options{.weights = weights, .reduction = Reduction::mean};
  CHECK(gradient_error([&](Var v) { return multi_label_cross_entropy(v, labels, options); }, x) < 1e-3);
}

TEST_CASE("multi_label_cross_entropy: shapes that can't be") {
  Tape tape;
  const float labels[] = {1, 0, 1}, weights[] = {1, 1, 1};
  CHECK_THROWS_AS(multi_label_cross_entropy(tape.leaf(Tensor({2, 2}, {0, 0, 0, 0})), labels), ValueError);
  CHECK_THROWS_AS(multi_label_cross_entropy(tape.leaf(Tensor({1, 3}, {0, 0, 0})), labels, {.weights = weights}),
                  ValueError);
}

}  // namespace weft
