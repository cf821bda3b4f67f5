// What the loss ops share: weights, reductions, checks.
#include <weft/core/error.h>
#include <weft/core/ops/loss.h>

#include <doctest/doctest.h>
#include <algorithm>
#include <string>

namespace weft::detail {
namespace {

double divisor_of(std::span<const float> weights, int64_t batch, Reduction reduction) {
  const auto rows = static_cast<double>(batch);
  switch (reduction) {
    case Reduction::sum:
      return 1.0;
    case Reduction::sum_over_batch_size:
      return rows;
    case Reduction::sum_over_nonzero_weights:
      return weights.empty() ? rows : rows - static_cast<double>(std::ranges::count(weights, 0.0f));
    case Reduction::mean:
      break;
  }
  double total = 0.0;
  for (const float w : weights) total += w;
  return weights.empty() ? rows : total;
}

}  // namespace

LossWeights loss_weights(std::string_view op, int64_t batch, const LossOptions& options) {
  const auto n = static_cast<size_t>(batch);
  if (!options.weights.empty() && options.weights.size() != n) {
    throw ValueError("[" + std::string(op) + "] weights: got " + std::to_string(options.weights.size()) +
                     ", expected one a row: " + std::to_string(batch) + ".");
  }
  const double divisor = divisor_of(options.weights, batch, options.reduction);
  const auto scale = static_cast<float>(divisor == 0.0 ? 0.0 : 1.0 / divisor);
  LossWeights result{Buffer(n * sizeof(float))};
  for (size_t b = 0; b < n; ++b) {
    result.factors.as<float>()[b] = scale * (options.weights.empty() ? 1.0f : options.weights[b]);
  }
  return result;
}

Tensor label_values(std::string_view op, const Feature& labels, int64_t batch) {
  const auto refuse = [&](const std::string& what) { throw ValueError("[" + std::string(op) + "] labels: " + what); };
  if (labels.sparse) refuse("got a sparse feature, expected a dense one of shape [batch, 1].");
  if (labels.type == DataType::string) refuse("got strings, expected numbers. Give a label_vocabulary.");
  if (labels.batch() != batch || labels.size() != batch) {
    refuse("got " + std::to_string(labels.size()) + " values for " + std::to_string(batch) +
           " rows of logits, expected one a row: [batch, 1].");
  }
  Tensor values({batch});
  if (is_floating(labels.type)) {
    std::ranges::copy(labels.floats, values.data());
  } else {
    std::ranges::transform(labels.integers, values.data(), [](int64_t label) { return static_cast<float>(label); });
  }
  return values;
}

TEST_CASE("loss weights: each reduction's factors") {
  const float weights[] = {2, 0, 1, 0};
  const auto factor = [&](Reduction reduction, bool weighted) {
    return loss_weights("op", 4,
                        {.weights = weighted ? std::span<const float>(weights) : std::span<const float>(),
                         .reduction = reduction})
        .factors.as<float>()[0];
  };
  CHECK(factor(Reduction::sum, true) == 2.0f);
  CHECK(factor(Reduction::mean, true) == doctest::Approx(2.0 / 3));
  CHECK(factor(Reduction::sum_over_batch_size, true) == 0.5f);
  CHECK(factor(Reduction::sum_over_nonzero_weights, true) == 1.0f);
  CHECK(factor(Reduction::mean, false) == 0.25f);
  CHECK(factor(Reduction::sum, false) == 1.0f);
  const float zeros[] = {0, 0};
  CHECK(loss_weights("op", 2, {.weights = zeros, .reduction = Reduction::mean}).factors.as<float>()[0] == 0.0f);
  CHECK_THROWS_AS(loss_weights("op", 3, {.weights = zeros}), ValueError);
}

}  // namespace weft::detail
