// check_examples: lengths and numbers.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/estimator/metrics/check_examples.h>

#include <cmath>
#include <limits>
#include <vector>

namespace weft {

namespace {

void check_size(std::string_view where, const char* what, size_t got, size_t expected) {
  if (got == expected) return;
  throw ValueError(
      fmt::format("[{}] wrong number of {}: got {}, expected {}. Give one an example.", where, what, got, expected));
}

void check_range(std::string_view where, const char* what, std::span<const float> numbers, float least, float most) {
  for (size_t i = 0; i < numbers.size(); ++i) {
    if (numbers[i] >= least && numbers[i] <= most) continue;
    throw ValueError(
        fmt::format("[{}] {} must be in [{}, {}]: got {} for example {}. Look for NaN in the model or its input.",
                    where, what, least, most, numbers[i], i));
  }
}

void check(std::string_view where, std::span<const float> labels, std::span<const float> predictions,
           std::span<const float> weights, float least, float most) {
  check_size(where, "predictions", predictions.size(), labels.size());
  if (!weights.empty()) check_size(where, "weights", weights.size(), labels.size());
  check_range(where, "labels", labels, least, most);
  check_range(where, "predictions", predictions, least, most);
  check_range(where, "weights", weights, 0.0f, std::numeric_limits<float>::max());
}

}  // namespace

void check_examples(std::string_view where, std::span<const float> labels, std::span<const float> predictions,
                    std::span<const float> weights) {
  check(where, labels, predictions, weights, -HUGE_VALF, HUGE_VALF);
}

void check_probabilities(std::string_view where, std::span<const float> labels, std::span<const float> predictions,
                         std::span<const float> weights) {
  check(where, labels, predictions, weights, 0.0f, 1.0f);
}

TEST_CASE("check examples: lengths and numbers that can't be are named") {
  const std::vector<float> two = {0, 1}, one = {1}, bad = {0, std::nanf("")}, outside = {0, 1.5f}, negative = {1, -1};
  CHECK_NOTHROW(check_probabilities("m", two, two, {}));
  CHECK_NOTHROW(check_examples("m", negative, outside, two));
  CHECK_THROWS_WITH_AS(check_examples("m", two, one, {}), doctest::Contains("wrong number of predictions: got 1"),
                       ValueError);
  CHECK_THROWS_AS(check_examples("m", two, two, one), ValueError);
  CHECK_THROWS_WITH_AS(check_examples("m", two, bad, {}), doctest::Contains("got nan for example 1"), ValueError);
  CHECK_THROWS_AS(check_examples("m", bad, two, {}), ValueError);
  CHECK_THROWS_AS(check_examples("m", two, two, negative), ValueError);
  CHECK_THROWS_AS(check_probabilities("m", two, outside, {}), ValueError);
  CHECK_THROWS_AS(check_probabilities("m", outside, two, {}), ValueError);
}

}  // namespace weft
