// Tolerances: how near weft has to come to TensorFlow, in one place.
#pragma once
#include <string_view>

namespace weft::reference {

/// |got - want| <= rtol * |want| + atol.
struct Tolerance {
  double rtol = 0.0;
  double atol = 0.0;
};

/// Integers, bytes, hashes, parsed numbers.
inline constexpr Tolerance exact{};
/// Outputs of columns and layers.
inline constexpr Tolerance forward{1e-5, 1e-6};
/// Outputs of the unsafe lookup's mean: it divides by a sum of weights that may be near 0.
inline constexpr Tolerance forward_unsafe_mean{1e-5, 1e-4};
/// Gradients of tables.
inline constexpr Tolerance gradient{1e-5, 1e-5};
/// Values and slots after each step of an optimizer.
inline constexpr Tolerance optimizer_state{1e-4, 1e-6};
/// Ftrl's `linear` is a small difference of large numbers.
inline constexpr Tolerance ftrl_state{1e-3, 1e-4};
/// Losses of a training run, step by step; heads' losses and their gradients.
inline constexpr Tolerance loss{1e-4, 1e-5};
/// All variables after the first and the tenth step.
inline constexpr Tolerance early_state{1e-4, 1e-5};
/// All variables at the end of a run of about a hundred steps.
inline constexpr Tolerance final_state{1e-3, 1e-4};
/// The same with Adam, which divides a gradient that is rounding noise by its own size.
inline constexpr Tolerance final_state_adam{1e-2, 1e-2};
/// Metrics of evaluate() and predictions.
inline constexpr Tolerance metrics{1e-4, 1e-5};
/// Statistics of initializers: means within this many standard errors; the many deviations and quantiles within more.
inline constexpr double standard_errors_of_mean = 4.0;
inline constexpr double standard_errors_of_others = 5.0;

}  // namespace weft::reference
