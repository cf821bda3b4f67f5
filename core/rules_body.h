// The optimizers' rules: part of the kernels' source text (kernels_body.h). Each is written for one vector of a row;
// numbers of different lanes never meet, so that they have the same bits in every instruction set.

typedef int32_t Integers __attribute__((vector_size(4 * WEFT_LANES), aligned(4), may_alias));

/// Calls f(x, g) for the vectors of a row: x[0] is the value, x[1 .. S) are slots, g is the gradient. Where n is no
/// multiple of a vector, the last one reaches back: its numbers are read before the others are written. With each
/// vector some lines of memory at `ahead`, unless null, are asked for: as many bytes in all as the row has. Many at
/// once would wait for each other.
template <int S, class F>
inline void for_vectors(float* const* arrays, const float* gradient, int64_t n, const float* ahead, const F& f) {
  const auto read = [&](int64_t i, Vector* x) {
    for (int s = 0; s < S; ++s) x[s] = load(arrays[s] + i);
    x[S] = gradient != nullptr ? load(gradient + i) : Vector{};
  };
  const auto write = [&](int64_t i, const Vector* x) {
    for (int s = 0; s < S; ++s) store(arrays[s] + i, x[s]);
  };
  Vector x[S + 1], last[S + 1] = {};
  if (n < kLanes) {
    if (ahead != nullptr) prefetch_row(ahead, S * n);
    for (int s = 0; s < S; ++s) x[s] = load_first(arrays[s], n);
    f(x, gradient != nullptr ? load_first(gradient, n) : Vector{});
    for (int s = 0; s < S; ++s) store_first(arrays[s], x[s], n);
    return;
  }
  const bool ragged = n % kLanes != 0;
  if (ragged) {
    read(n - kLanes, last);
    if (ahead != nullptr) prefetch_row(ahead + S * (n - kLanes), S * kLanes);
  }
  for (int64_t i = 0; i + kLanes <= n; i += kLanes) {
    if (ahead != nullptr && i % kLine == 0) {
      for (int s = 0; s < S; ++s) __builtin_prefetch(ahead + S * i + s * kLine);
    }
    read(i, x);
    f(x, x[S]);
    write(i, x);
  }
  if (!ragged) return;
  f(last, last[S]);
  write(n - kLanes, last);
}

/// Calls f(arrays, gradient, ahead) for the rows of an update; `ahead` is where a row of a table that comes later lies,
/// its slots right behind its values.
template <int S, class F>
inline void for_rows(const RuleArgs& a, const F& f) {
  constexpr int64_t kLater = 12;
  for (int64_t i = 0; i < a.count; ++i) {
    const int64_t row = a.rows != nullptr ? a.rows[i] : i;
    const float* ahead = nullptr;
    if (a.rows != nullptr) ahead = a.arrays[0] + a.rows[least(i + kLater, a.count - 1)] * a.strides[0];
    float* arrays[S];
    for (int s = 0; s < S; ++s) arrays[s] = a.arrays[s] + row * a.strides[s];
    f(arrays, a.gradients + i * a.gradient_stride, ahead);
  }
}
template <int S, class F>
inline void for_vectors(const RuleArgs& a, const F& f) {
  for_rows<S>(a, [&](float* const* arrays, const float* gradient, const float* ahead) {
    for_vectors<S>(arrays, gradient, a.n, ahead, f);
  });
}

inline Vector constant(float x) {
  return x - Vector{};
}
inline Vector absolute(Vector x) {
  const Integers bits = reinterpret_cast<const Integers&>(x) & 0x7FFFFFFF;
  return reinterpret_cast<const Vector&>(bits);
}
inline Vector larger(Vector a, Vector b) {
  return a > b ? a : b;
}
inline Vector power(Vector x, float exponent) {
  if (exponent == 0.5f) return square_root(x);
  Vector y;
  for (int lane = 0; lane < kLanes; ++lane) y[lane] = __builtin_powf(x[lane], exponent);
  return y;
}

// Numbers: learning rate.
void gradient_descent(const RuleArgs& a) {
  for_vectors<1>(a, [rate = a.numbers[0]](Vector* x, Vector g) { x[0] -= rate * g; });
}

// Numbers: learning rate, epsilon.
void adagrad(const RuleArgs& a) {
  for_vectors<2>(a, [rate = a.numbers[0], epsilon = a.numbers[1]](Vector* x, Vector g) {
    x[1] += g * g;
    x[0] -= rate * g / (square_root(x[1]) + epsilon);
  });
}

// Momentum. Numbers: learning rate, momentum.
void momentum(const RuleArgs& a) {
  for_vectors<2>(a, [rate = a.numbers[0], mu = a.numbers[1]](Vector* x, Vector g) {
    x[1] = x[1] * mu + g;
    x[0] -= rate * x[1];
  });
}
void nesterov(const RuleArgs& a) {
  for_vectors<2>(a, [rate = a.numbers[0], mu = a.numbers[1]](Vector* x, Vector g) {
    x[1] = x[1] * mu + g;
    x[0] -= g * rate + x[1] * mu * rate;
  });
}
void keras_momentum(const RuleArgs& a) {
  for_vectors<2>(a, [rate = a.numbers[0], mu = a.numbers[1]](Vector* x, Vector g) {
    x[1] = x[1] * mu - g * rate;
    x[0] += x[1];
  });
}
void keras_nesterov(const RuleArgs& a) {
  for_vectors<2>(a, [rate = a.numbers[0], mu = a.numbers[1]](Vector* x, Vector g) {
    x[1] = x[1] * mu - g * rate;
    x[0] += x[1] * mu - g * rate;
  });
}

// Adadelta. Numbers: learning rate, rho, epsilon. Slots: squared gradients, squared updates.
void adadelta(const RuleArgs& a) {
  const float rate = a.numbers[0], rho = a.numbers[1], epsilon = a.numbers[2];
  for_vectors<3>(a, [=](Vector* x, Vector g) {
    x[1] = x[1] * rho + g * g * (1.0f - rho);
    const Vector update = square_root(x[2] + epsilon) / square_root(x[1] + epsilon) * g;
    x[2] = x[2] * rho + update * update * (1.0f - rho);
    x[0] -= update * rate;
  });
}

/// What l1 and l2 leave of a value after a step of this rate.
inline Vector shrunk(Vector x, Vector rate, float l1, float l2) {
  if (l1 > 0.0f) {
    const Vector size = larger(absolute(x) - rate * l1, Vector{});
    x = x < 0.0f ? -size : size;
  }
  return x / (1.0f + l2 * rate);
}

// Proximal rules. Numbers: learning rate, l1, l2.
void proximal_adagrad(const RuleArgs& a) {
  const float rate = a.numbers[0], l1 = a.numbers[1], l2 = a.numbers[2];
  for_vectors<2>(a, [=](Vector* x, Vector g) {
    x[1] += g * g;
    const Vector own_rate = rate / square_root(x[1]);
    x[0] = shrunk(x[0] - g * own_rate, own_rate, l1, l2);
  });
}
void proximal_gradient_descent(const RuleArgs& a) {
  const float rate = a.numbers[0], l1 = a.numbers[1], l2 = a.numbers[2];
  for_vectors<1>(a, [=](Vector* x, Vector g) { x[0] = shrunk(x[0] - g * rate, constant(rate), l1, l2); });
}

// AdagradDA. Numbers: learning rate, l1, l2, the step. Slots: sum of gradients, sum of their squares.
void adagrad_da(const RuleArgs& a) {
  const float rate = a.numbers[0], l1 = a.numbers[1], l2 = a.numbers[2], step = a.numbers[3];
  for_vectors<3>(a, [=](Vector* x, Vector g) {
    x[1] += g;
    x[2] += g * g;
    Vector sum = x[1];
    if (l1 > 0.0f) {
      const Vector size = larger(absolute(sum) - l1 * step, Vector{});
      sum = sum < 0.0f ? -size : size;
    }
    x[0] = -rate * sum / (l2 * step * rate + square_root(x[2]));
  });
}

// Ftrl. Numbers: learning rate, -learning_rate_power, l1, l2, 2 * l2_shrinkage. Slots: accumulator, linear.
void ftrl(const RuleArgs& a) {
  const float rate = a.numbers[0], exponent = a.numbers[1], l1 = a.numbers[2], l2 = a.numbers[3],
              shrinkage = a.numbers[4];
  for_vectors<3>(a, [=](Vector* x, Vector g) {
    const Vector sum = x[1] + g * g, root = power(sum, exponent);
    x[2] += g + shrinkage * x[0] - (root - power(x[1], exponent)) / rate * x[0];
    x[1] = sum;
    const Vector kept = ((x[2] < 0.0f ? constant(-l1) : constant(l1)) - x[2]) / (root / rate + 2.0f * l2);
    x[0] = absolute(x[2]) > l1 ? kept : Vector{};
  });
}

// One accumulator for the row: arrays[1] is a single number. Numbers: learning rate, epsilon.
void rowwise_adagrad(const RuleArgs& a) {
  for_rows<2>(a, [&](float* const* arrays, const float* gradient, const float* ahead) {
    if (ahead != nullptr) __builtin_prefetch(ahead + a.n);
    float& accumulator = arrays[1][0];
    // The same sums whatever the width of a vector.
    float sums[16] = {}, squares = 0.0f;
    int64_t i = 0;
    for (; i + 16 <= a.n; i += 16) {
      for (int k = 0; k < 16; ++k) sums[k] += gradient[i + k] * gradient[i + k];
    }
    for (; i < a.n; ++i) squares += gradient[i] * gradient[i];
    for (int k = 0; k < 16; ++k) squares += sums[k];
    accumulator += squares / static_cast<float>(a.n);
    const float rate = a.numbers[0] / (__builtin_sqrtf(accumulator) + a.numbers[1]);
    for_vectors<1>(arrays, gradient, a.n, ahead, [=](Vector* x, Vector g) { x[0] -= rate * g; });
  });
}

// RMSProp with epsilon inside the root. Numbers: learning rate, 1 - rho, momentum, epsilon. Slots: mean square,
// momentum
// (, mean).
void rmsprop(const RuleArgs& a) {
  const float rate = a.numbers[0], fresh = a.numbers[1], mu = a.numbers[2], epsilon = a.numbers[3];
  for_vectors<3>(a, [=](Vector* x, Vector g) {
    x[1] += (g * g - x[1]) * fresh;
    x[2] = x[2] * mu + rate * g / square_root(x[1] + epsilon);
    x[0] -= x[2];
  });
}
void centered_rmsprop(const RuleArgs& a) {
  const float rate = a.numbers[0], fresh = a.numbers[1], mu = a.numbers[2], epsilon = a.numbers[3];
  for_vectors<4>(a, [=](Vector* x, Vector g) {
    x[1] += (g * g - x[1]) * fresh;
    x[3] += (g - x[3]) * fresh;
    x[2] = x[2] * mu + rate * g / square_root(x[1] - x[3] * x[3] + epsilon);
    x[0] -= x[2];
  });
}
