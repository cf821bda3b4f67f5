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
Initializer ones_initializer();
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
/// `gain` on the diagonal of a [rows, columns] array, else 0. tf.initializers.identity.
Initializer identity_initializer(float gain = 1.0f);

/// Random numbers whose variance is scale / fan. Fans are the numbers of inputs and outputs of a [fan_in, fan_out]
/// kernel; of [n], both are n; of more axes, the last two times all others. tf.variance_scaling_initializer.
struct VarianceScalingOptions {
  float scale = 1.0f;
  enum class Fan { in, out, average } fan = Fan::in;
  /// A normal one is redrawn beyond two standard deviations, with the variance given after that.
  enum class Distribution { truncated_normal, normal, uniform } distribution = Distribution::truncated_normal;
};
/// Throws ValueError unless scale > 0.
Initializer variance_scaling_initializer(const VarianceScalingOptions& options = {});
/// Uniform in ±sqrt(6 / (fan_in + fan_out)), and the normal one of that variance (Glorot & Bengio, 2010).
Initializer glorot_uniform_initializer();
Initializer glorot_normal_initializer();
/// Variance 2 / fan_in (He et al., 2015).
Initializer he_uniform_initializer();
Initializer he_normal_initializer();
/// Variance 1 / fan_in (LeCun et al., 1998).
Initializer lecun_uniform_initializer();
Initializer lecun_normal_initializer();

}  // namespace weft
