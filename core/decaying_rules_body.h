// Rules whose means of gradients decay in every row and step: part of the kernels' source text (kernels_body.h).

// Decay by powers (optim/decay_clock.h): numbers with 21 digits, times the scale of a step.

constexpr float kTiny = 0x1p-120f;

inline Vector tiny_as_zero(Vector x) {
  return absolute(x) < kTiny ? Vector{} : x;
}
/// The nearest number with 21 binary digits, the even one of two.
inline Vector rounded(Vector x) {
  const Integers bits = reinterpret_cast<Integers&>(x);
  const Integers up = (bits + 3 + ((bits >> 3) & 1)) & ~7;
  return reinterpret_cast<const Vector&>(up);
}
inline float power_of_two(int exponent) {
  const int32_t bits = (exponent + 127) << 23;
  float x;
  __builtin_memcpy(&x, &bits, sizeof x);
  return x;
}
/// x * scale * 2^shift; multiplying by powers of two rounds nothing.
inline Vector scaled(Vector x, float scale, int shift) {
  if (shift >= -126) return tiny_as_zero(x * scale * power_of_two(shift));
  if (shift < -252) return Vector{};
  return tiny_as_zero(x * scale * power_of_two(-126) * power_of_two(shift + 126));
}

void decay(float* x, int64_t n, float inverse, float scale, int shift) {
  float* const arrays[] = {x};
  for_vectors<1>(arrays, nullptr, n, [=](Vector* y, Vector) { y[0] = scaled(rounded(y[0] * inverse), scale, shift); });
}

/// A mean that decays by a power each step: what is left of it, and the new number's part. Numbers: the scale of this
/// step, its distance from the last one's exponent, 1 / last scale, 1 / scale, 1 - power.
inline Vector decayed_mean(Vector mean, Vector fresh, const float* numbers) {
  const Vector left = scaled(rounded(mean * numbers[2]), numbers[0], static_cast<int>(numbers[1]));
  return tiny_as_zero(rounded((left + fresh * numbers[4]) * numbers[3]) * numbers[0]);
}

// Keras' RMSprop without momentum: epsilon outside the root. Numbers: learning rate, epsilon, 5 of the mean.
void keras_rmsprop(const RuleArgs& a) {
  const float rate = a.numbers[0], epsilon = a.numbers[1];
  const float* clock = a.numbers + 2;
  for_vectors<2>(a, [=](Vector* x, Vector g) {
    x[1] = decayed_mean(x[1], g * g, clock);
    x[0] -= rate * g / (square_root(x[1]) + epsilon);
  });
}
void keras_centered_rmsprop(const RuleArgs& a) {
  const float rate = a.numbers[0], epsilon = a.numbers[1];
  const float* clock = a.numbers + 2;
  for_vectors<3>(a, [=](Vector* x, Vector g) {
    x[1] = decayed_mean(x[1], g * g, clock);
    x[2] = decayed_mean(x[2], g, clock);
    x[0] -= rate * g / (square_root(x[1] - x[2] * x[2]) + epsilon);
  });
}

/// 1 / (sqrt(v) + epsilon) for the steps of a chunk, from v at its start: sqrt(v) falls to 1 - fallen of that, fallen
/// is small, and 1 / (1 - x) is 1 + x + x^2 but for x^3.
struct Reciprocal {
  Vector start, first, second;

  Reciprocal(Vector v, float epsilon) {
    const Vector root = square_root(v);
    start = 1.0f / (root + epsilon);
    const Vector part = root * start;
    first = start * part;
    second = first * part;
  }
  Vector at(float fallen) const { return start + fallen * first + (fallen * fallen) * second; }
};

// Adam. Numbers: rate, weight decay, 4 that replays use, epsilon, 5 of the mean of gradients, 5 of that of squares; the
// scale of beta2's power at the chunk's start, its exponent's distance from this step's, and how far the root has
// fallen.
void adam(const RuleArgs& a) {
  const float rate = a.numbers[0], decay_rate = a.numbers[1], epsilon = a.numbers[6];
  const float *first = a.numbers + 7, *second = a.numbers + 12, *chunk = a.numbers + 17;
  for_vectors<3>(a, [=](Vector* x, Vector g) {
    x[1] = decayed_mean(x[1], g, first);
    x[2] = decayed_mean(x[2], g * g, second);
    const Reciprocal root(scaled(rounded(x[2] * second[3]), chunk[0], static_cast<int>(chunk[1])), epsilon);
    x[0] = (x[0] - decay_rate * x[0]) - rate * x[1] * root.at(chunk[2]);
  });
}
void amsgrad(const RuleArgs& a) {
  const float rate = a.numbers[0], decay_rate = a.numbers[1], epsilon = a.numbers[6];
  const float *first = a.numbers + 7, *second = a.numbers + 12;
  for_vectors<4>(a, [=](Vector* x, Vector g) {
    x[1] = decayed_mean(x[1], g, first);
    x[2] = decayed_mean(x[2], g * g, second);
    x[3] = larger(x[3], x[2]);
    x[0] = (x[0] - decay_rate * x[0]) - rate * x[1] * Reciprocal(x[3], epsilon).start;
  });
}
// Numbers: rate, epsilon, beta1, 1 - beta1, beta2, 1 - beta2.
void lazy_adam(const RuleArgs& a) {
  const float* p = a.numbers;
  for_vectors<3>(a, [=](Vector* x, Vector g) {
    x[1] = x[1] * p[2] + g * p[3];
    x[2] = x[2] * p[4] + g * g * p[5];
    x[0] -= p[0] * x[1] / (square_root(x[2]) + p[1]);
  });
}

inline bool all(Integers mask) {
  int32_t every = -1;
  for (int lane = 0; lane < kLanes; ++lane) every &= mask[lane];
  return every != 0;
}

/// Whether no update of up to `bound` in size changes the value any more, in this step or a later one.
inline bool settled(const AdamReplayArgs& a, Vector value, Vector bound, int64_t left) {
  if (a.largest_decay == 0.0f) return all((value + bound == value) & (value - bound == value));
  // What decay takes of it in the steps that are left is less than half.
  return static_cast<float>(left) * a.largest_decay <= 0.25f && all(bound <= absolute(value) * 0x1p-27f);
}

template <int S>
inline void replay_vectors(const AdamReplayArgs& a) {
  constexpr int64_t kLook = 8;
  float* const arrays[] = {a.value, a.m, a.v, const_cast<float*>(a.vhat)};
  for_vectors<S>(arrays, nullptr, a.n, [&](Vector* x, Vector) {
    const Vector m = rounded(x[1] * a.inverse1), v = rounded(x[2] * a.inverse2);
    Vector value = x[0];
    // The root of the largest v stays what it is.
    Reciprocal root(S == 4 ? x[3] : scaled(v, a.chunk_scale2, a.chunk_exponent2 - a.exponent2), a.epsilon);
    int64_t j = 0, place = a.place;
    for (; j < a.count; ++j, ++place) {
      const float* step = a.steps[j];
      if (S == 3 && place == a.chunk) {
        place = 0;
        root = Reciprocal(scaled(v, step[3], static_cast<int>(step[5]) - a.exponent2), a.epsilon);
      }
      if (a.settles && j % kLook == 0) {
        const Vector bound = 2.0f * a.largest_rate * absolute(x[1]) * root.start;
        if (settled(a, value, bound, a.count - j)) break;
      }
      x[1] = scaled(m, step[2], static_cast<int>(step[4]) - a.exponent1);
      const Vector reciprocal = S == 4 ? root.start : root.at(a.fallen[place]);
      value = (value - step[1] * value) - step[0] * x[1] * reciprocal;
    }
    if (a.largest_decay != 0.0f) {
      for (; j < a.count; ++j) value = value - a.steps[j][1] * value;
    }
    const float* last = a.steps[a.count - 1];
    x[1] = scaled(m, last[2], static_cast<int>(last[4]) - a.exponent1);
    x[2] = scaled(v, last[3], static_cast<int>(last[5]) - a.exponent2);
    x[0] = value;
  });
}

void adam_replay(const AdamReplayArgs& a) {
  if (a.count == 0) return;
  if (a.vhat != nullptr) {
    replay_vectors<4>(a);
  } else {
    replay_vectors<3>(a);
  }
}
