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
/// x * scale * 2^shift, 1 <= scale < 2; multiplying by powers of two rounds nothing.
inline Vector scaled(Vector x, float scale, int shift) {
  if (shift >= -126) return tiny_as_zero(x * (scale * power_of_two(shift)));
  if (shift < -252) return Vector{};
  return tiny_as_zero(x * scale * power_of_two(-126) * power_of_two(shift + 126));
}

void decay(float* x, int64_t n, float inverse, float scale, int shift) {
  float* const arrays[] = {x};
  const auto decayed = [=](Vector* y, Vector) { y[0] = scaled(rounded(y[0] * inverse), scale, shift); };
  for_vectors<1>(arrays, nullptr, n, nullptr, decayed);
}

/// A mean that decays by a power each step. Its digits are the mean but for the scale of the step. Numbers: the scale
/// of this step, its distance from the last one's exponent, 1 / last scale, 1 / scale, 1 - power.
struct DecayingMean {
  float scale, left, last_inverse, inverse, fresh;

  explicit DecayingMean(const float* numbers)
      : scale(numbers[0]),
        left(numbers[1] < -126.0f ? 0.0f : scale * power_of_two(static_cast<int>(numbers[1]))),
        last_inverse(numbers[2]),
        inverse(numbers[3]),
        fresh(numbers[4]) {}
  /// What is left of the mean, and the new number's part.
  Vector digits(Vector old, Vector number) const {
    return rounded((rounded(old * last_inverse) * left + number * fresh) * inverse);
  }
  Vector mean(Vector digits) const { return tiny_as_zero(digits * scale); }
  Vector after(Vector old, Vector number) const { return mean(digits(old, number)); }
};

// Keras' RMSprop without momentum: epsilon outside the root. Numbers: learning rate, epsilon, 5 of the mean.
void keras_rmsprop(const RuleArgs& a) {
  const float rate = a.numbers[0], epsilon = a.numbers[1];
  const DecayingMean squares(a.numbers + 2);
  for_vectors<2>(a, [=](Vector* x, Vector g) {
    x[1] = squares.after(x[1], g * g);
    x[0] -= rate * g / (square_root(x[1]) + epsilon);
  });
}
void keras_centered_rmsprop(const RuleArgs& a) {
  const float rate = a.numbers[0], epsilon = a.numbers[1];
  const DecayingMean mean(a.numbers + 2);
  for_vectors<3>(a, [=](Vector* x, Vector g) {
    x[1] = mean.after(x[1], g * g);
    x[2] = mean.after(x[2], g);
    x[0] -= rate * g / (square_root(x[1] - x[2] * x[2]) + epsilon);
  });
}

/// m where its chunk started, given its digits and how far its exponent was from there. So small an m moves nothing.
inline Vector mean_at_start(Vector digits, int shift) {
  constexpr float kSmall = 0x1p-111f;
  const Vector mean = scaled(digits, 1.0f, shift);
  return absolute(mean) < kSmall ? Vector{} : mean;
}

/// m / (sqrt(v) + epsilon) in the steps of a chunk but for what is left of m, from m and v at its start. sqrt(v) falls
/// to 1 - f of itself; with part = sqrt(v) / (sqrt(v) + epsilon) that divides by 1 - f * part, for which a parabola in
/// `part` stands (AdamChunk): its numbers are the step's, the same for all rows.
struct Pull {
  Vector start, first, second;

  Pull() = default;
  Pull(Vector mean, Vector v, float epsilon) {
    const Vector root = square_root(v);
    const Vector reciprocal = 1.0f / (root + epsilon);
    const Vector part = root * reciprocal;
    start = mean * reciprocal;
    first = start * part;
    second = first * part;
  }
  Vector at(float bend, float curve) const {
    return fused(constant(curve), second, fused(constant(bend), first, start));
  }
};

// Adam. Numbers: those of AdamReplayArgs::Step; 5 of the mean of gradients, 5 of that of squares; the scale of beta2's
// power at the chunk's start, how far its exponent and beta1's are from this step's, the bend and curve of this place.
template <bool kDecays>
inline void adam_rows(const RuleArgs& a) {
  const float pull = a.numbers[0], decay_rate = a.numbers[1], epsilon = a.numbers[7];
  const float *chunk = a.numbers + 18, start_scale = chunk[0], bend = chunk[3], curve = chunk[4];
  const int shift2 = static_cast<int>(chunk[1]), shift1 = static_cast<int>(chunk[2]);
  const DecayingMean first(a.numbers + 8), second(a.numbers + 13);
  for_vectors<3>(a, [=](Vector* x, Vector g) {
    // Digits of means so small that they are stored as zero move nothing either.
    const Vector m = first.digits(x[1], g), v = second.digits(x[2], g * g);
    x[1] = first.mean(m);
    x[2] = second.mean(v);
    const Pull row(mean_at_start(m, shift1), scaled(v, start_scale, shift2), epsilon);
    if (kDecays) x[0] -= decay_rate * x[0];
    x[0] = fused(constant(-pull), row.at(bend, curve), x[0]);
  });
}
void adam(const RuleArgs& a) {
  adam_rows<false>(a);
}
void adamw(const RuleArgs& a) {
  adam_rows<true>(a);
}
void amsgrad(const RuleArgs& a) {
  const float pull = a.numbers[0], epsilon = a.numbers[7];
  const int shift1 = static_cast<int>(a.numbers[20]);
  const DecayingMean first(a.numbers + 8), second(a.numbers + 13);
  for_vectors<4>(a, [=](Vector* x, Vector g) {
    const Vector m = first.digits(x[1], g);
    x[1] = first.mean(m);
    x[2] = second.after(x[2], g * g);
    x[3] = larger(x[3], x[2]);
    x[0] = fused(constant(-pull), Pull(mean_at_start(m, shift1), x[3], epsilon).start, x[0]);
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
#if WEFT_LANES == 16
  return _mm512_movepi32_mask(__builtin_bit_cast(__m512i, mask)) == 0xFFFF;
#elif WEFT_LANES == 8
  return _mm256_movemask_ps(__builtin_bit_cast(__m256, mask)) == 0xFF;
#else
  int32_t every = -1;
  for (int lane = 0; lane < kLanes; ++lane) every &= mask[lane];
  return every != 0;
#endif
}

/// Lanes whose value no update of up to `bound` in size changes any more, in this step or a later one.
template <bool kDecays>
inline Integers settled(Vector value, Vector bound, float decay_left) {
  if (!kDecays) return (value + bound == value) & (value - bound == value);
  // What decay takes of it in the steps that are left is less than half.
  return (bound <= absolute(value) * 0x1p-27f) & (constant(decay_left) <= 0.25f);
}

/// V vectors of a row: each is its value, m, v (, vhat). Whether anything is there to be moved.
template <int S, int V, bool kDecays>
inline bool replay_vectors(const AdamReplayArgs& a, Vector (*x)[4]) {
  constexpr int64_t kLook = 16;
  Vector m[V], v[V];
  Integers empty = Integers{} - 1;
  for (int i = 0; i < V; ++i) {
    m[i] = rounded(x[i][1] * a.from1.inverse);
    v[i] = rounded(x[i][2] * a.from2.inverse);
    empty &= (m[i] == 0.0f) & (v[i] == 0.0f);
  }
  if (!kDecays && all(empty)) return false;
  Pull pull[V];
  int exponent1 = 0;
  const auto start_chunk = [&](int e1, float scale2, int e2) {
    exponent1 = e1;
    for (int i = 0; i < V; ++i) {
      // The root of the largest v stays what it is.
      const Vector squares = S == 4 ? x[i][3] : scaled(v[i], scale2, e2 - a.from2.exponent);
      pull[i] = Pull(mean_at_start(m[i], e1 - a.from1.exponent), squares, a.epsilon);
    }
  };
  const auto all_settled = [&](const float* step, int64_t left) {
    // What is left of m in this step; the eighth is more than rounding can add to updates that shrink.
    const float size = 1.125f * a.largest_rate * step[3] * power_of_two(static_cast<int>(step[5]) - exponent1);
    const float decay_left = static_cast<float>(left) * a.largest_decay;
    Integers lanes = Integers{} - 1;
    for (int i = 0; i < V; ++i) lanes &= settled<kDecays>(x[i][0], size * absolute(pull[i].start), decay_left);
    return all(lanes);
  };
  start_chunk(a.chunk1.exponent, a.chunk2.scale, a.chunk2.exponent);
  int64_t j = 0, place = a.place;
  while (j < a.count) {
    const float* next = a.steps[j];
    if (place == a.chunk) {
      place = 0;
      start_chunk(static_cast<int>(next[5]), next[4], static_cast<int>(next[6]));
    }
    if (a.settles && all_settled(next, a.count - j)) break;
    Vector value[V];
    for (int i = 0; i < V; ++i) value[i] = x[i][0];
    for (const int64_t end = least(a.count, j + least(a.chunk - place, kLook)); j < end; ++j, ++place) {
      const float *step = a.steps[j], bend = a.bend[place], curve = a.curve[place];
      for (int i = 0; i < V; ++i) {
        if (kDecays) value[i] -= step[1] * value[i];
        value[i] = fused(constant(-step[0]), S == 4 ? pull[i].start : pull[i].at(bend, curve), value[i]);
      }
    }
    for (int i = 0; i < V; ++i) x[i][0] = value[i];
  }
  if (kDecays) {
    for (; j < a.count; ++j) {
      for (int i = 0; i < V; ++i) x[i][0] -= a.steps[j][1] * x[i][0];
    }
  }
  const float* last = a.steps[a.count - 1];
  for (int i = 0; i < V; ++i) {
    x[i][1] = scaled(m[i], last[3], static_cast<int>(last[5]) - a.from1.exponent);
    x[i][2] = scaled(v[i], last[4], static_cast<int>(last[6]) - a.from2.exponent);
  }
  return true;
}

/// Vectors that are replayed together: as many as have room in registers, so that none waits for its last step.
constexpr int kTogether = kLanes == 16 ? 4 : 2;

template <int S, bool kDecays>
inline void replay_row(const AdamReplayArgs& a) {
  float* const arrays[] = {a.value, a.m, a.v, const_cast<float*>(a.vhat)};
  for_pieces(a.n, [&]<int N>(int64_t first, int64_t width) {
    Vector x[kVectors<N>][4];
    for (int j = 0; j < kVectors<N>; ++j) {
      for (int s = 0; s < S; ++s) x[j][s] = load_part<N>(arrays[s] + first, j, width);
    }
    bool moved = false;
    constexpr int kRest = kVectors<N> % kTogether;
    for (int j = 0; j + kTogether <= kVectors<N>; j += kTogether)
      moved |= replay_vectors<S, kTogether, kDecays>(a, x + j);
    if constexpr (kRest > 0) moved |= replay_vectors<S, kRest, kDecays>(a, x + kVectors<N> - kRest);
    if (!moved) return;
    for (int j = 0; j < kVectors<N>; ++j) {
      for (int s = 0; s < 3; ++s) store_part<N>(arrays[s] + first, j, width, x[j][s]);
    }
  });
}

void adam_replay(const AdamReplayArgs& a) {
  if (a.count == 0) return;
  if (a.vhat != nullptr) {
    replay_row<4, false>(a);
  } else if (a.decays) {
    replay_row<3, true>(a);
  } else {
    replay_row<3, false>(a);
  }
}
