// For tests: ops of one number against their formulas in float64.
#pragma once
#include <weft/core/ops/gradient_check.h>
#include <weft/core/parallel.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

namespace weft {

using Formula = std::function<double(double)>;

/// `count` numbers from low to high, evenly.
inline Tensor between(double low, double high, int64_t count = 20001) {
  Tensor x({count});
  for (int64_t i = 0; i < count; ++i) {
    x[i] = static_cast<float>(low + (high - low) * static_cast<double>(i) / static_cast<double>(count - 1));
  }
  return x;
}

/// A float's last place at x, not below the smallest normal number's.
inline double last_place(double x) {
  return std::ldexp(1.0, std::max(std::ilogb(std::max(std::abs(x), 1e-300)), -126) - 23);
}

/// The largest error of f within [low, high] in units of the last place of the right value.
inline double error_in_ulp(const std::function<Var(Var)>& f, const Formula& formula, double low, double high) {
  Tape tape({.record = false});
  const Var x = tape.leaf(between(low, high)), y = f(x);
  double worst = 0.0;
  for (int64_t i = 0; i < x.value().size(); ++i) {
    const double want = formula(static_cast<double>(x.value()[i]));
    worst = std::max(worst, std::abs(y.value()[i] - want) / last_place(want));
  }
  return worst;
}

/// The largest difference of the gradient of f within [low, high] from the derivative, relative to 1 + |derivative|.
inline double slope_error(const std::function<Var(Var)>& f, const Formula& derivative, double low, double high) {
  Tape tape;
  const Var x = tape.leaf(between(low, high)), y = f(x);
  tape.backward(y, Tensor::full(x.shape(), 1.0f));
  double worst = 0.0;
  for (int64_t i = 0; i < x.value().size(); ++i) {
    const double want = derivative(static_cast<double>(x.value()[i]));
    worst = std::max(worst, std::abs((*x.gradient())[i] - want) / (1.0 + std::abs(want)));
  }
  return worst;
}

/// Whether values and gradients of f at x have the same bits for 1, 2 and 3 threads.
inline bool same_for_threads(const std::function<Var(Var)>& f, const Tensor& x) {
  std::vector<float> first;
  for (const int threads : {1, 2, 3}) {
    const ThreadLimit limit(threads);
    Tape tape;
    const Var leaf = tape.leaf(x), y = f(leaf);
    Tensor dy(y.shape());
    for (int64_t i = 0; i < dy.size(); ++i) dy[i] = 0.5f + static_cast<float>(i % 7);
    tape.backward(y, dy);
    std::vector<float> got(y.value().values().begin(), y.value().values().end());
    got.insert(got.end(), leaf.gradient()->values().begin(), leaf.gradient()->values().end());
    if (threads == 1) first = got;
    if (got != first) return false;
  }
  return true;
}
inline bool same_for_threads(const std::function<Var(Var)>& f) {
  return same_for_threads(f, between(0.1, 5.0, 100003));
}

}  // namespace weft
