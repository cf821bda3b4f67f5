// GradientClip, Regularization: what is done to gradients before the rule sees them.
#pragma once
#include <weft/core/parameter.h>

#include <limits>
#include <optional>
#include <span>
#include <vector>

namespace weft {

/// Limits of gradients, applied in this order. By default they act on what is really added to a parameter: a table's
/// gradient with the shares of all its lookups summed by row.
struct GradientClip {
  /// Every number of a gradient is kept in [-value, value] (tf.clip_by_value, Keras' clipvalue).
  std::optional<float> value = {};
  /// Every parameter's gradient is scaled down to this norm (tf.clip_by_norm, Keras' clipnorm).
  std::optional<float> norm = {};
  /// All gradients together, sparse and dense, are scaled down to this norm (tf.clip_by_global_norm, Keras'
  /// global_clipnorm).
  std::optional<float> global_norm = {};
  /// TensorFlow's order: each lookup's gradient by itself, with its own repeated rows summed but not yet those of the
  /// table's other lookups. A row that two columns share may then receive twice the limit.
  bool per_lookup = false;

  bool any() const { return value || norm || global_norm; }
};

/// Penalties on values, added to clipped gradients: l1 * sign(value) + 2 * l2 * value (tf.keras.regularizers). Of a
/// table the touched rows are penalised, so that its gradient stays rows.
struct Regularization {
  float l1 = 0.0f;
  float l2 = 0.0f;
  bool any() const { return l1 != 0.0f || l2 != 0.0f; }
};

/// Throws ValueError "Expected clipnorm >= 0 ..." for negative limits, or penalties that are not finite.
void check_clip(const GradientClip& clip, const Regularization& regularization);

/// What to multiply and limit a parameter's gradient with.
struct GradientScale {
  float limit = std::numeric_limits<float>::infinity();  ///< of each number
  float factor = 1.0f;
};

/// The scales of each parameter of `clipped` (those with a gradient that this clip is for), in their order. With
/// per_lookup the gradients of tables are replaced by clipped ones, and only the factor of the norms is left to do.
std::vector<GradientScale> clip_gradients(const GradientClip& clip, std::span<Parameter* const> clipped);

/// Scales `count` numbers and adds the penalties on their values.
void adjust(const GradientScale& scale, const Regularization& regularization, const float* value, float* gradient,
            int64_t count);

}  // namespace weft
