// mean_squared_error: l = (x - y)^2; dl/dx = 2 (x - y).
#include <weft/core/error.h>
#include <weft/core/ops/gradient_check.h>
#include <weft/core/ops/loss.h>
#include <weft/core/ops/losses.h>

#include <doctest/doctest.h>
#include <string>

namespace weft {

Var mean_squared_error(Var predictions, std::span<const float> labels, const LossOptions& options) {
  const Tensor& x = predictions.value();
  if (x.shape().rank() != 2 || x.size() != static_cast<int64_t>(labels.size())) {
    throw ValueError("[mean_squared_error] predictions and labels must have the same shape: got " +
                     to_string(x.shape()) + " and [" + std::to_string(labels.size()) +
                     "], expected [batch, dimension] and as many labels.");
  }
  const int64_t n = x.size();
  const Buffer factors = detail::loss_weights("mean_squared_error", n, options).factors;
  Var out = predictions.tape().make({});
  Tensor dpredictions({n});
  double total = 0.0;
  for (int64_t i = 0; i < n; ++i) {
    const float difference = x[i] - labels[static_cast<size_t>(i)], factor = factors.as<float>()[i];
    total += static_cast<double>(factor) * (difference * difference);
    dpredictions[i] = factor * 2.0f * difference;
  }
  out.value()[0] = static_cast<float>(total);
  if (predictions.needs_gradient()) {
    predictions.tape().record(out, [predictions, out, dpredictions = dpredictions.buffer()] {
      const float dy = out.gradient()->item();
      float* dx = predictions.gradient_sum();
      for (int64_t i = 0; i < predictions.value().size(); ++i) dx[i] += dy * dpredictions.as<float>()[i];
    });
  }
  return out;
}

TEST_CASE("mean_squared_error: values by hand") {
  Tape tape;
  const Var x = tape.leaf(Tensor({2, 2}, {1, 2, 3, 4}));
  const float labels[] = {0, 0, 3, 6}, weights[] = {1, 1, 5, 0.5f};
  CHECK(mean_squared_error(x, labels).item() == 9.0f);
  CHECK(mean_squared_error(x, labels, {.reduction = Reduction::sum_over_batch_size}).item() == 2.25f);
  CHECK(mean_squared_error(x, labels, {.weights = weights, .reduction = Reduction::mean}).item() ==
        doctest::Approx(7.0 / 7.5));
  CHECK(mean_squared_error(tape.leaf(Tensor({0, 2})), {}).item() == 0.0f);
}

TEST_CASE("mean_squared_error: gradient against finite differences") {
  const Tensor x({2, 2}, {0.3f, -1.2f, 2.0f, 0.0f});
  const float labels[] = {1, 0, 0.25f, 1}, weights[] = {1, 2, 0, 0.5f};
  const LossOptions options{.weights = weights, .reduction = Reduction::mean};
  CHECK(gradient_error([&](Var v) { return mean_squared_error(v, labels, options); }, x) < 1e-3);
}

TEST_CASE("mean_squared_error: shapes that can't be") {
  Tape tape;
  const float labels[] = {1, 2};
  CHECK_THROWS_AS(mean_squared_error(tape.leaf(Tensor({3, 1}, {0, 0, 0})), labels), ValueError);
  CHECK_THROWS_AS(mean_squared_error(tape.leaf(Tensor({2}, {0, 0})), labels), ValueError);
}

}  // namespace weft
