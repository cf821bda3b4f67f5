// Reductions: how the losses of a batch become one number.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/estimator/heads/reduction.h>

#include <cctype>

namespace weft {

namespace {

double divisor_of(std::span<const float> weights, size_t rows, Reduction reduction) {
  if (reduction == Reduction::sum) return 1.0;
  if (reduction == Reduction::sum_over_batch_size || weights.empty()) return static_cast<double>(rows);
  double divisor = 0.0;
  for (float w : weights) divisor += reduction == Reduction::mean ? w : (w != 0.0f ? 1.0 : 0.0);
  return divisor;
}

}  // namespace

double reduce_losses(std::span<const float> losses, std::span<const float> weights, Reduction reduction) {
  double sum = 0.0;
  for (size_t i = 0; i < losses.size(); ++i)
    sum += weights.empty() ? losses[i] : static_cast<double>(losses[i]) * weights[i];
  const double divisor = divisor_of(weights, losses.size(), reduction);
  return divisor == 0.0 ? 0.0 : sum / divisor;
}

Reduction reduction_of(std::string_view name) {
  std::string lower(name);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (lower == "sum") return Reduction::sum;
  if (lower == "mean") return Reduction::mean;
  if (lower == "sum_over_batch_size") return Reduction::sum_over_batch_size;
  if (lower == "sum_over_nonzero_weights" || lower == "sum_by_nonzero_weights")
    return Reduction::sum_over_nonzero_weights;
  throw ValueError(
      fmt::format("[head] Invalid loss_reduction: {}: got '{}', expected sum, mean, sum_over_batch_size or "
                  "sum_over_nonzero_weights. Choose one of them.",
                  lower, name));
}

TEST_CASE("reduction: divisors with weights") {
  const std::vector<float> losses = {1, 2, 3, 4}, weights = {2, 0, 1, 0.5f};
  CHECK(reduce_losses(losses, weights, Reduction::sum) == 7.0);
  CHECK(reduce_losses(losses, weights, Reduction::mean) == 2.0);
  CHECK(reduce_losses(losses, weights, Reduction::sum_over_batch_size) == 1.75);
  CHECK(reduce_losses(losses, weights, Reduction::sum_over_nonzero_weights) == doctest::Approx(7.0 / 3));
}

TEST_CASE("reduction: without weights all but the sum are the mean, weights of 0 give 0") {
  const std::vector<float> losses = {1, 3}, zeros = {0, 0};
  CHECK(reduce_losses(losses, {}, Reduction::mean) == 2.0);
  CHECK(reduce_losses(losses, {}, Reduction::sum_over_nonzero_weights) == 2.0);
  CHECK(reduce_losses(losses, zeros, Reduction::mean) == 0.0);
  CHECK(reduce_losses(losses, zeros, Reduction::sum_over_nonzero_weights) == 0.0);
}

TEST_CASE("reduction: names") {
  CHECK(reduction_of("SUM_OVER_BATCH_SIZE") == Reduction::sum_over_batch_size);
  CHECK(reduction_of("mean") == Reduction::mean);
  CHECK_THROWS_WITH_AS(reduction_of("none"), doctest::Contains("Invalid loss_reduction: none"), ValueError);
}

}  // namespace weft
