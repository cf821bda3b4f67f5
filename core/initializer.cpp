// The initializers: each number is a function of its index.
#include <weft/core/initializer.h>

#include <doctest/doctest.h>
#include <algorithm>
#include <cmath>
#include <vector>

namespace weft {

Initializer zeros_initializer() {
  return constant_initializer(0.0f);
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

Initializer glorot_uniform_initializer() {
  return [](std::span<float> out, int64_t first, const Shape& shape, const RandomStream& stream) {
    const int64_t fan_in = shape.rank() > 0 ? shape[0] : 1;
    const int64_t fan_out = shape.rank() > 1 ? shape[1] : fan_in;
    const float limit = std::sqrt(6.0f / static_cast<float>(std::max<int64_t>(fan_in + fan_out, 1)));
    random_uniform_initializer({.minval = -limit, .maxval = limit})(out, first, shape, stream);
  };
}

TEST_CASE("initializer: parts give the same numbers as the whole") {
  const Shape shape{10, 7};
  const RandomStream stream{3, 4};
  for (const Initializer& make : {truncated_normal_initializer({.stddev = 0.5f}), glorot_uniform_initializer(),
                                  random_normal_initializer(), constant_initializer(2)}) {
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

}  // namespace weft
