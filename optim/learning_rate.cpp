// Learning-rate schedules: TensorFlow's formulas in float32.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/optim/learning_rate.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>

namespace weft {
namespace {

void check_rate(const char* where, const char* what, float rate) {
  if (!std::isfinite(rate)) throw ValueError(fmt::format("[{}] {} must be finite: got {}.", where, what, rate));
}

void check_steps(const char* where, const char* what, int64_t steps) {
  if (steps < 1) throw ValueError(fmt::format("[{}] {} must be at least 1: got {}.", where, what, steps));
}

/// step / steps, whole if it falls in stairs.
float periods(int64_t step, int64_t steps, bool staircase) {
  const float p = static_cast<float>(step) / static_cast<float>(steps);
  return staircase ? std::floor(p) : p;
}

/// (1 + cos(pi * done)) / 2 between alpha and 1.
float cosine(float done, float alpha) {
  const float half = 0.5f * (1.0f + std::cos(std::numbers::pi_v<float> * done));
  return (1.0f - alpha) * half + alpha;
}

}  // namespace

LearningRate exponential_decay(const ExponentialDecayOptions& o) {
  check_rate("exponential_decay", "initial_learning_rate", o.initial_learning_rate);
  check_rate("exponential_decay", "decay_rate", o.decay_rate);
  check_steps("exponential_decay", "decay_steps", o.decay_steps);
  return LearningRate([o](int64_t step) {
    return o.initial_learning_rate * std::pow(o.decay_rate, periods(step, o.decay_steps, o.staircase));
  });
}

LearningRate inverse_time_decay(const InverseTimeDecayOptions& o) {
  check_rate("inverse_time_decay", "initial_learning_rate", o.initial_learning_rate);
  check_rate("inverse_time_decay", "decay_rate", o.decay_rate);
  check_steps("inverse_time_decay", "decay_steps", o.decay_steps);
  return LearningRate([o](int64_t step) {
    return o.initial_learning_rate / (1.0f + o.decay_rate * periods(step, o.decay_steps, o.staircase));
  });
}

LearningRate polynomial_decay(const PolynomialDecayOptions& o) {
  check_rate("polynomial_decay", "initial_learning_rate", o.initial_learning_rate);
  check_rate("polynomial_decay", "end_learning_rate", o.end_learning_rate);
  check_rate("polynomial_decay", "power", o.power);
  check_steps("polynomial_decay", "decay_steps", o.decay_steps);
  return LearningRate([o](int64_t step) {
    float at = static_cast<float>(step), steps = static_cast<float>(o.decay_steps);
    if (o.cycle) {
      steps *= step == 0 ? 1.0f : std::ceil(at / steps);
    } else {
      at = std::min(at, steps);
    }
    return (o.initial_learning_rate - o.end_learning_rate) * std::pow(1.0f - at / steps, o.power) + o.end_learning_rate;
  });
}

LearningRate cosine_decay(const CosineDecayOptions& o) {
  check_rate("cosine_decay", "initial_learning_rate", o.initial_learning_rate);
  check_rate("cosine_decay", "alpha", o.alpha);
  check_steps("cosine_decay", "decay_steps", o.decay_steps);
  return LearningRate([o](int64_t step) {
    return o.initial_learning_rate * cosine(periods(std::min(step, o.decay_steps), o.decay_steps, false), o.alpha);
  });
}

LearningRate cosine_decay_restarts(const CosineDecayRestartsOptions& o) {
  const char* where = "cosine_decay_restarts";
  check_rate(where, "initial_learning_rate", o.initial_learning_rate);
  check_rate(where, "alpha", o.alpha);
  check_rate(where, "m_mul", o.m_mul);
  check_steps(where, "first_decay_steps", o.first_decay_steps);
  if (!(o.t_mul >= 1.0f)) throw ValueError(fmt::format("[{}] t_mul must be at least 1: got {}.", where, o.t_mul));
  return LearningRate([o](int64_t step) {
    float done = periods(step, o.first_decay_steps, false), restarts = std::floor(done);
    if (o.t_mul != 1.0f) {
      // Periods 0 .. r - 1 take (1 - t_mul^r) / (1 - t_mul) of the first one's length.
      restarts = std::floor(std::log(1.0f - done * (1.0f - o.t_mul)) / std::log(o.t_mul));
      const float before = (1.0f - std::pow(o.t_mul, restarts)) / (1.0f - o.t_mul);
      done = (done - before) / std::pow(o.t_mul, restarts);
    } else {
      done -= restarts;
    }
    const float height = std::pow(o.m_mul, restarts);
    const float half = 0.5f * height * (1.0f + std::cos(std::numbers::pi_v<float> * done));
    return o.initial_learning_rate * ((1.0f - o.alpha) * half + o.alpha);
  });
}

LearningRate piecewise_constant(const PiecewiseConstantOptions& o) {
  if (o.values.size() != o.boundaries.size() + 1) {
    throw ValueError(
        fmt::format("[piecewise_constant] The length of boundaries should be 1 less than the length of values: got {} "
                    "boundaries and {} values.",
                    o.boundaries.size(), o.values.size()));
  }
  if (std::ranges::adjacent_find(o.boundaries, std::greater_equal<>()) != o.boundaries.end()) {
    throw ValueError("[piecewise_constant] boundaries must rise.");
  }
  for (const float value : o.values) check_rate("piecewise_constant", "values", value);
  return LearningRate([o](int64_t step) {
    return o.values[static_cast<size_t>(std::ranges::lower_bound(o.boundaries, step) - o.boundaries.begin())];
  });
}

LearningRate linear_warmup(const LinearWarmupOptions& o) {
  check_rate("linear_warmup", "initial_learning_rate", o.initial_learning_rate);
  check_steps("linear_warmup", "warmup_steps", o.warmup_steps);
  return LearningRate([o](int64_t step) {
    if (step >= o.warmup_steps) return o.then.at(step - o.warmup_steps);
    return o.initial_learning_rate + (o.then.at(0) - o.initial_learning_rate) * periods(step, o.warmup_steps, false);
  });
}

TEST_CASE("learning rate: a number stays, schedules fall as their formulas say") {
  const LearningRate plain = 0.5f;
  CHECK(plain.at(1000) == 0.5f);
  CHECK(plain.constant());
  const ExponentialDecayOptions halves{.initial_learning_rate = 0.8f, .decay_steps = 10, .decay_rate = 0.5f};
  CHECK(exponential_decay(halves).at(0) == 0.8f);
  CHECK(exponential_decay(halves).at(5) == doctest::Approx(0.8 / std::sqrt(2.0)));
  ExponentialDecayOptions stairs = halves;
  stairs.staircase = true;
  CHECK(exponential_decay(stairs).at(19) == 0.4f);
  CHECK(exponential_decay(stairs).at(20) == 0.2f);
  CHECK_FALSE(exponential_decay(halves).constant());
  const auto inverse = inverse_time_decay({.initial_learning_rate = 1.0f, .decay_rate = 0.25f});
  CHECK(inverse.at(4) == 0.5f);
  CHECK(inverse_time_decay({.initial_learning_rate = 1, .decay_steps = 4, .decay_rate = 1, .staircase = true}).at(7) ==
        0.5f);
}

TEST_CASE("learning rate: polynomial, with its end and its cycles") {
  const PolynomialDecayOptions line{.initial_learning_rate = 1, .decay_steps = 10, .end_learning_rate = 0.5f};
  CHECK(polynomial_decay(line).at(5) == 0.75f);
  CHECK(polynomial_decay(line).at(100) == 0.5f);
  PolynomialDecayOptions cycles = line;
  cycles.cycle = true;
  CHECK(polynomial_decay(cycles).at(0) == 1.0f);
  CHECK(polynomial_decay(cycles).at(10) == 0.5f);
  CHECK(polynomial_decay(cycles).at(15) == 0.625f);
  PolynomialDecayOptions square = line;
  square.power = 2;
  CHECK(polynomial_decay(square).at(5) == 0.625f);
}

TEST_CASE("learning rate: cosine, with restarts; pieces; warm-up before another") {
  const auto falls = cosine_decay({.initial_learning_rate = 2, .decay_steps = 8, .alpha = 0.5f});
  CHECK(falls.at(0) == 2.0f);
  CHECK(falls.at(4) == doctest::Approx(1.5));
  CHECK(falls.at(80) == doctest::Approx(1.0));
  const auto again = cosine_decay_restarts({.initial_learning_rate = 1, .first_decay_steps = 10, .m_mul = 0.5f});
  CHECK(again.at(5) == doctest::Approx(0.5));
  CHECK(again.at(10) == doctest::Approx(0.5));
  CHECK(again.at(20) == doctest::Approx(0.25));
  CHECK(again.at(30) == doctest::Approx(0.25));
  CHECK(cosine_decay_restarts({.initial_learning_rate = 1, .first_decay_steps = 10, .t_mul = 1}).at(25) ==
        doctest::Approx(0.5));
  const auto pieces = piecewise_constant({.boundaries = {10, 20}, .values = {1, 2, 3}});
  CHECK(pieces.at(10) == 1.0f);
  CHECK(pieces.at(11) == 2.0f);
  CHECK(pieces.at(21) == 3.0f);
  const auto warm = linear_warmup({.warmup_steps = 4, .then = falls});
  CHECK(warm.at(0) == 0.0f);
  CHECK(warm.at(1) == 0.5f);
  CHECK(warm.at(4) == 2.0f);
  CHECK(warm.at(8) == doctest::Approx(1.5));
}

TEST_CASE("learning rate: what gives no rate is refused") {
  CHECK_THROWS_AS(exponential_decay({.initial_learning_rate = 1, .decay_rate = 0.5f}), ValueError);
  CHECK_THROWS_AS(cosine_decay({.initial_learning_rate = INFINITY, .decay_steps = 1}), ValueError);
  CHECK_THROWS_AS(piecewise_constant({.boundaries = {1}, .values = {1}}), ValueError);
  CHECK_THROWS_AS(piecewise_constant({.boundaries = {2, 1}, .values = {1, 2, 3}}), ValueError);
  CHECK_THROWS_AS(cosine_decay_restarts({.initial_learning_rate = 1, .first_decay_steps = 1, .t_mul = 0.5f}),
                  ValueError);
  CHECK_THROWS_AS(linear_warmup({.then = 0.1f}), ValueError);
}

}  // namespace weft
