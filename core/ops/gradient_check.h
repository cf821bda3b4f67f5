// For tests: gradients against central differences.
#pragma once
#include <weft/core/parameter.h>
#include <weft/core/tape.h>

#include <algorithm>
#include <cmath>
#include <functional>

namespace weft {

/// A function from a leaf to a scalar on the leaf's tape.
using ScalarFunction = std::function<Var(Var)>;

/// The largest difference between the gradient of f at x and the central differences, relative to 1 + |difference|.
inline double gradient_error(const ScalarFunction& f, const Tensor& x, float step = 1e-2f) {
  Tape tape;
  const Var leaf = tape.leaf(x);
  tape.backward(f(leaf));
  const auto value = [&](int64_t i, float moved) {
    Tensor copy = x;
    copy[i] += moved;
    Tape silent({.record = false, .training = true});
    return static_cast<double>(f(silent.leaf(std::move(copy))).item());
  };
  double worst = 0.0;
  for (int64_t i = 0; i < x.size(); ++i) {
    const double want = (value(i, step) - value(i, -step)) / (2.0 * step);
    worst = std::max(worst, std::abs((*leaf.gradient())[i] - want) / (1.0 + std::abs(want)));
  }
  return worst;
}

/// The same for a dense parameter that f reads; f must be a function of its numbers.
inline double gradient_error(const std::function<Var(Tape&)>& f, Parameter& parameter, float step = 1e-2f) {
  parameter.clear_gradient();
  {
    Tape tape;
    tape.backward(f(tape));
  }
  const int64_t n = parameter.value().size();
  const Tensor gradient({n}, std::span<const float>(parameter.dense_gradient(), static_cast<size_t>(n)));
  parameter.clear_gradient();
  float* numbers = parameter.value().data;
  double worst = 0.0;
  for (int64_t i = 0; i < n; ++i) {
    const float kept = numbers[i];
    const auto value = [&](float moved) {
      numbers[i] = kept + moved;
      Tape silent({.record = false, .training = true});
      return static_cast<double>(f(silent).item());
    };
    const double want = (value(step) - value(-step)) / (2.0 * step);
    numbers[i] = kept;
    worst = std::max(worst, std::abs(gradient[i] - want) / (1.0 + std::abs(want)));
  }
  return worst;
}

}  // namespace weft
