// Initializers: how a parameter gets its first values.
#pragma once
#include <weft/core/random.h>
#include <weft/core/shape.h>

#include <functional>
#include <span>

namespace weft {

/// Writes elements [first, first + out.size()) (in row order) of an array of the given shape. It is called for parts of
/// an array in any order and by several threads, so a value may depend on its index, the shape and the stream alone.
using Initializer =
    std::function<void(std::span<float> out, int64_t first, const Shape& shape, const RandomStream& stream)>;

Initializer zeros_initializer();
Initializer constant_initializer(float value);
struct NormalOptions {
  float mean = 0.0f;
  float stddev = 1.0f;
};
/// tf.truncated_normal_initializer: normal, redrawn beyond two standard deviations.
Initializer truncated_normal_initializer(const NormalOptions& options = {});
Initializer random_normal_initializer(const NormalOptions& options = {});
struct UniformOptions {
  float minval = -0.05f;
  float maxval = 0.05f;
};
Initializer random_uniform_initializer(const UniformOptions& options = {});
/// tf.glorot_uniform_initializer: uniform in ±sqrt(6 / (fan_in + fan_out)) of a [fan_in, fan_out] kernel (Glorot &
/// Bengio, 2010).
Initializer glorot_uniform_initializer();

}  // namespace weft
