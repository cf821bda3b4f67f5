// The initializers: each number is a function of its index.
#include <weft/core/error.h>
#include <weft/core/initializer.h>

#include <doctest/doctest.h>
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace weft {
namespace {

using Fan = VarianceScalingOptions::Fan;
using Distribution = VarianceScalingOptions::Distribution;

/// The standard deviation of a standard normal cut at two standard deviations.
constexpr double kTruncatedDeviation = 0.87962566103423978;

double fan_of(const Shape& shape, Fan fan) {
  const int rank = shape.rank();
  double field = 1.0;
  for (int axis = 0; axis + 2 < rank; ++axis) field *= static_cast<double>(shape[axis]);
  const double out = rank > 0 ? field * static_cast<double>(shape[rank - 1]) : 1.0;
  const double in = rank > 1 ? field * static_cast<double>(shape[rank - 2]) : out;
  const double chosen = fan == Fan::in ? in : fan == Fan::out ? out : (in + out) / 2.0;
  return std::max(chosen, 1.0);
}

}  // namespace

Initializer zeros_initializer() {
  return constant_initializer(0.0f);
}

Initializer ones_initializer() {
  return constant_initializer(1.0f);
}

Initializer constant_initializer(float value) {
  return [value](std::span<float> out, int64_t, const Shape&, const RandomStream&) { std::ranges::fill(out, value); };
}

Initializer truncated_normal_initializer(const NormalOptions& options) {
  return [options](std::span<float> out, int64_t first, const Shape&, const RandomStream& stream) {
    stream.fill_truncated_normal(static_cast<uint64_t>(first), out);
    for (float& x : out) x = options.mean + options.stddev * x;
  };
}

Initializer random_normal_initializer(const NormalOptions& options) {
  return [options](std::span<float> out, int64_t first, const Shape&, const RandomStream& stream) {
    auto index = static_cast<uint64_t>(first);
    for (float& x : out) x = options.mean + options.stddev * stream.normal(index++);
  };
}

Initializer random_uniform_initializer(const UniformOptions& options) {
  return [options](std::span<float> out, int64_t first, const Shape&, const RandomStream& stream) {
    auto index = static_cast<uint64_t>(first);
    for (float& x : out) x = options.minval + (options.maxval - options.minval) * stream.uniform(index++);
  };
}

Initializer identity_initializer(float gain) {
  return [gain](std::span<float> out, int64_t first, const Shape& shape, const RandomStream&) {
    const int64_t columns = shape.rank() > 0 ? std::max<int64_t>(shape[shape.rank() - 1], 1) : 1;
    for (float& x : out) {
      x = first / columns == first % columns ? gain : 0.0f;
      ++first;
    }
  };
}

Initializer variance_scaling_initializer(const VarianceScalingOptions& options) {
  if (!(options.scale > 0.0f)) {
    throw ValueError("[variance_scaling_initializer] `scale` must be positive: got " + std::to_string(options.scale) +
                     ". Give a variance.");
  }
  return [options](std::span<float> out, int64_t first, const Shape& shape, const RandomStream& stream) {
    const double deviation = std::sqrt(static_cast<double>(options.scale) / fan_of(shape, options.fan));
    if (options.distribution == Distribution::uniform) {
      const auto limit = static_cast<float>(std::sqrt(3.0) * deviation);
      return random_uniform_initializer({.minval = -limit, .maxval = limit})(out, first, shape, stream);
    }
    if (options.distribution == Distribution::normal) {
      return random_normal_initializer({.stddev = static_cast<float>(deviation)})(out, first, shape, stream);
    }
    const auto stddev = static_cast<float>(deviation / kTruncatedDeviation);
    truncated_normal_initializer({.stddev = stddev})(out, first, shape, stream);
  };
}

Initializer glorot_uniform_initializer() {
  return variance_scaling_initializer({.fan = Fan::average, .distribution = Distribution::uniform});
}

Initializer glorot_normal_initializer() {
  return variance_scaling_initializer({.fan = Fan::average});
}

Initializer he_uniform_initializer() {
  return variance_scaling_initializer({.scale = 2.0f, .distribution = Distribution::uniform});
}

Initializer he_normal_initializer() {
  return variance_scaling_initializer({.scale = 2.0f});
}

Initializer lecun_uniform_initializer() {
  return variance_scaling_initializer({.distribution = Distribution::uniform});
}

Initializer lecun_normal_initializer() {
  return variance_scaling_initializer();
}

TEST_CASE("initializer: parts give the same numbers as the whole") {
  const Shape shape{10, 7};
  const RandomStream stream{3, 4};
  for (const Initializer& make :
       {truncated_normal_initializer({.stddev = 0.5f}), glorot_uniform_initializer(), random_normal_initializer(),
        constant_initializer(2), he_normal_initializer(), identity_initializer(3)}) {
    std::vector<float> whole(70), parts(70);
    make(whole, 0, shape, stream);
    make(std::span(parts).subspan(0, 33), 0, shape, stream);
    make(std::span(parts).subspan(33), 33, shape, stream);
    CHECK(whole == parts);
  }
}

TEST_CASE("initializer: glorot's bound") {
  std::vector<float> out(20000);
  glorot_uniform_initializer()(out, 0, Shape{100, 200}, RandomStream{1, 1});
  const float limit = std::sqrt(6.0f / 300.0f);
  CHECK(std::ranges::max(out) <= limit);
  CHECK(std::ranges::max(out) > 0.99f * limit);
  CHECK(std::ranges::min(out) >= -limit);
  CHECK(std::ranges::min(out) < -0.99f * limit);
}

TEST_CASE("initializer: variance scaling gives the variance, of the fan that was asked for") {
  const auto variance = [](const Initializer& make, const Shape& shape) {
    std::vector<float> out(40000);
    make(out, 0, shape, RandomStream{1, 1});
    double sum = 0;
    for (const float x : out) sum += static_cast<double>(x) * x;
    return sum / 40000;
  };
  CHECK(variance(glorot_normal_initializer(), {100, 300}) == doctest::Approx(1 / 200.0).epsilon(0.02));
  CHECK(variance(he_normal_initializer(), {100, 300}) == doctest::Approx(2 / 100.0).epsilon(0.02));
  CHECK(variance(he_uniform_initializer(), {100, 300}) == doctest::Approx(2 / 100.0).epsilon(0.02));
  CHECK(variance(lecun_normal_initializer(), {50}) == doctest::Approx(1 / 50.0).epsilon(0.02));
  CHECK(variance(lecun_uniform_initializer(), {3, 4, 10, 7}) == doctest::Approx(1 / 120.0).epsilon(0.02));
  const Initializer out =
      variance_scaling_initializer({.scale = 3, .fan = Fan::out, .distribution = Distribution::normal});
  CHECK(variance(out, {100, 300}) == doctest::Approx(3 / 300.0).epsilon(0.02));
  CHECK_THROWS_AS(variance_scaling_initializer({.scale = 0}), ValueError);
}

TEST_CASE("initializer: the identity of a kernel that is not square") {
  std::vector<float> out(6);
  identity_initializer(2)(out, 0, Shape{2, 3}, {});
  CHECK(out == std::vector<float>{2, 0, 0, 0, 2, 0});
}

}  // namespace weft
