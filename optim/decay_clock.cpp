// DecayClock: the power by its logarithm, in double precision.
#include <doctest/doctest.h>
#include <weft/core/kernels.h>
#include <weft/optim/decay_clock.h>

#include <cmath>
#include <vector>

namespace weft {

DecayClock decay_clock(float beta, int64_t step) {
  // Nothing is left of a mean that decays by 0: its exponent falls by more than a float has.
  if (beta <= 0.0f) return {.exponent = static_cast<int>(-(step % (1 << 20)) * 300)};
  const double power = static_cast<double>(step) * std::log2(static_cast<double>(beta));
  const double exponent = std::floor(power);
  const auto scale = static_cast<float>(std::exp2(power - exponent));
  return {scale, 1.0f / scale, static_cast<int>(exponent)};
}

void write_decay(float* numbers, float beta, int64_t step) {
  const DecayClock last = decay_clock(beta, step - 1), now = decay_clock(beta, step);
  numbers[0] = now.scale;
  numbers[1] = static_cast<float>(now.exponent - last.exponent);
  numbers[2] = last.inverse;
  numbers[3] = now.inverse;
  numbers[4] = 1.0f - beta;
}

TEST_CASE("decay clock: the power of the rate") {
  CHECK(decay_clock(0.9f, 0).scale == 1.0f);
  CHECK(decay_clock(0.5f, 7).scale == 1.0f);
  CHECK(decay_clock(0.5f, 7).exponent == -7);
  const DecayClock clock = decay_clock(0.999f, 5000);
  CHECK(std::ldexp(clock.scale, clock.exponent) == doctest::Approx(std::pow(0.999, 5000.0)).epsilon(1e-4));
  float numbers[5];
  for (const int64_t step : {1, 2, 1000, 1000000000}) {
    for (const float beta : {0.9f, 0.999f, 0.3f, 1.0f}) {
      write_decay(numbers, beta, step);
      CHECK(numbers[0] * numbers[2] * std::ldexp(1.0f, static_cast<int>(numbers[1])) ==
            doctest::Approx(beta).epsilon(1e-6));
    }
  }
  write_decay(numbers, 0.0f, 12);
  CHECK(numbers[1] == -300);
}

TEST_CASE("decay clock: many steps at once, in parts and one by one have the same bits, in every set of kernels") {
  std::vector<float> first;
  for (int i = 0; i < 1000; ++i) first.push_back(std::ldexp(static_cast<float>(i * 7919 % 9973 - 4000), i % 60 - 40));
  const auto moved = [&](const kernels::Kernels& set, float beta, std::vector<float> x, int64_t from, int64_t to) {
    const DecayClock old = decay_clock(beta, from), now = decay_clock(beta, to);
    set.decay(x.data(), static_cast<int64_t>(x.size()), old.inverse, now.scale, now.exponent - old.exponent);
    return x;
  };
  for (const float beta : {0.9f, 0.999f, 0.97f, 0.5f}) {
    for (const int64_t start : {int64_t{1}, int64_t{123456789}}) {
      const auto at_start = moved(kernels::best(), beta, first, start - 1, start);
      auto single = at_start;
      for (int64_t step = start; step < start + 1500; ++step)
        single = moved(kernels::best(), beta, single, step, step + 1);
      CHECK(moved(kernels::best(), beta, at_start, start, start + 1500) == single);
      CHECK(moved(kernels::plain(), beta, at_start, start, start + 1500) == single);
      const auto part = moved(kernels::best(), beta, at_start, start, start + 77);
      CHECK(moved(kernels::best(), beta, part, start + 77, start + 1500) == single);
      for (size_t i = 0; i < first.size(); i += 37) {
        const double want = first[i] * std::pow(static_cast<double>(beta), 1501.0);
        if (std::abs(want) > 1e-36) CHECK(single[i] == doctest::Approx(want).epsilon(1e-6));
      }
    }
  }
}

}  // namespace weft
