// The functions' one source text. Each elementwise_<set>.cpp includes it once, in its own namespace; the compiler makes
// vectors of the loops. It uses no inline function of the standard library: those would be shared with code for lesser
// processors. Choices are written as values chosen by ?:, never as branches, and NaN falls through every comparison.
//
// The polynomials are minimax fits in float32 (relative error of the function below 2e-8 unless said).

namespace {

constexpr float kLog2E = 1.44269504f;
/// ln 2 in two parts: the first has few bits, so that its product with a small whole number is exact.
constexpr float kLn2High = 0.693359375f, kLn2Low = -2.12194440e-4f;
/// Added to a number below 2^22 it leaves the nearest whole number in the last bits.
constexpr float kRound = 12582912.0f;
constexpr float kSeluScale = 1.05070098f, kSeluAlpha = 1.67326324f;
constexpr float kLeakyAlpha = 0.2f;
constexpr float kInfinity = __builtin_inff();

inline int32_t bits_of(float x) {
  return __builtin_bit_cast(int32_t, x);
}
inline float of_bits(uint32_t bits) {
  return __builtin_bit_cast(float, bits);
}
/// 2^k for k in [-126, 127].
inline float power_of_two(int32_t k) {
  return of_bits(static_cast<uint32_t>(k + 127) << 23);
}
inline float at_least(float x, float low) {
  return x < low ? low : x;
}
inline float at_most(float x, float high) {
  return x > high ? high : x;
}

/// x = k ln 2 + r with |r| <= ln 2 / 2, for |x| <= 104.
struct Reduced {
  int32_t k;
  float r;
};
inline Reduced reduce(float x) {
  const float shifted = x * kLog2E + kRound;
  const float k = shifted - kRound;
  const auto whole =
      static_cast<int32_t>(static_cast<uint32_t>(bits_of(shifted)) - static_cast<uint32_t>(bits_of(kRound)));
  return {whole, (x - k * kLn2High) - k * kLn2Low};
}

/// e^r - 1 for |r| <= ln 2 / 2.
inline float expm1_of_small(float r) {
  float p = 1.98459078e-4f;
  p = p * r + 1.39408966e-3f;
  p = p * r + 8.33338965e-3f;
  p = p * r + 4.16663587e-2f;
  p = p * r + 0.166666657f;
  p = p * r + 0.5f;
  return p * (r * r) + r;
}

/// Overflow gives infinity, underflow denormal numbers and 0.
inline float exp_of(float x) {
  const Reduced part = reduce(at_most(at_least(x, -104.0f), 89.0f));
  // In two steps: 2^128 is no float, though e^r 2^128 may be one; nor is 2^-150.
  const int32_t half = part.k >> 1;
  return ((1.0f + expm1_of_small(part.r)) * power_of_two(half)) * power_of_two(part.k - half);
}

/// e^x - 1 for x <= 0.
inline float expm1_of_negative(float x) {
  const Reduced part = reduce(at_least(x, -30.0f));
  const float scale = power_of_two(part.k);
  return scale * expm1_of_small(part.r) + (scale - 1.0f);
}

/// ln(2^k m) for m in [sqrt(1/2), sqrt(2)): f = m - 1, ln(1 + f) = f - f^2/2 + f^3 p(f).
inline float log_of(float x) {
  const bool denormal = x < 0x1p-126f;
  const int32_t bits = bits_of(denormal ? x * 0x1p23f : x);
  // 0x3f3504f3 is sqrt(1/2). Unsigned: the bits of a negative x, whose result is thrown away, would overflow.
  const int32_t k = static_cast<int32_t>(static_cast<uint32_t>(bits) - 0x3f3504f3u) >> 23;
  const float f = of_bits(static_cast<uint32_t>(bits) - (static_cast<uint32_t>(k) << 23)) - 1.0f;
  float p = 6.74668550e-2f;
  p = p * f - 0.116757363f;
  p = p * f + 0.118881881f;
  p = p * f - 0.124055780f;
  p = p * f + 0.142195478f;
  p = p * f - 0.166679963f;
  p = p * f + 0.200021192f;
  p = p * f - 0.250000089f;
  p = p * f + 0.333333135f;
  const float e = static_cast<float>(denormal ? k - 23 : k);
  const float square = f * f;
  const float y = ((p * f * square + e * kLn2Low) - 0.5f * square) + f + e * kLn2High;
  const float positive = x < kInfinity ? y : x;  // infinity and NaN
  const float at_zero = x == 0.0f ? -kInfinity : __builtin_nanf("");
  return x <= 0.0f ? at_zero : positive;
}

/// ln(1 + u) for u in [0, 1]: the quotient undoes what rounding 1 + u lost.
inline float log1p_of(float u) {
  const float sum = 1.0f + u, taken = sum - 1.0f;
  const float ratio = u / (taken == 0.0f ? 1.0f : taken);
  return taken == 0.0f ? u : log_of(sum) * ratio;
}

/// 1 / (1 + e^-x), without overflow on either side.
inline float sigmoid_of(float x) {
  const float e = exp_of(-__builtin_fabsf(x));
  return (x < 0.0f ? e : 1.0f) / (1.0f + e);
}

inline float tanh_of(float x) {
  const float a = __builtin_fabsf(x), z = x * x;
  float p = 2.12620991e-3f;
  p = p * z - 8.15953687e-3f;
  p = p * z + 2.16936730e-2f;
  p = p * z - 5.39455190e-2f;
  p = p * z + 0.133331969f;
  p = p * z - 0.333333313f;
  const float near = x + x * (z * p);
  const float far = 1.0f - 2.0f / (exp_of(2.0f * a) + 1.0f);
  return a < 0.625f ? near : (x < 0.0f ? -far : far);
}

/// The normal distribution: the density at x and the probability beyond |x|.
struct Normal {
  float density;
  float beyond;
};
inline Normal normal_of(float x) {
  const float a = __builtin_fabsf(at_most(at_least(x, -15.0f), 15.0f));
  // e^(-a^2/2) with the square in two parts: its rounding error would be multiplied by a^2.
  const float high = of_bits(static_cast<uint32_t>(bits_of(a)) & 0xfffff000u), low = a - high;
  const float e = exp_of(-0.5f * (high * high)) * exp_of(-0.5f * (low * (a + high)));
  // e^(a^2/2) times the probability, times (1 + a/2), as a polynomial of (a - 3.5) / (a + 3.5).
  const float q = (a - 3.5f) / (a + 3.5f);
  float p = 6.83283070e-5f;
  p = p * q + 1.15741277e-4f;
  p = p * q - 5.16593689e-4f;
  p = p * q - 5.49344812e-4f;
  p = p * q + 4.41025058e-3f;
  p = p * q - 5.59691247e-3f;
  p = p * q - 1.17960479e-2f;
  p = p * q + 6.33211508e-2f;
  p = p * q - 0.142426133f;
  p = p * q + 0.292449176f;
  return {0.398942280f * e, e * p / (1.0f + 0.5f * a)};
}

// value(x) is the function, slope(x, y) its derivative where it has the value y.

struct Exp {
  static inline float value(float x) { return exp_of(x); }
  static inline float slope(float, float y) { return y; }
};
struct Log {
  static inline float value(float x) { return log_of(x); }
  static inline float slope(float x, float) { return 1.0f / x; }
};
struct Sqrt {
  static inline float value(float x) { return __builtin_sqrtf(x); }
  static inline float slope(float, float y) { return 0.5f / y; }
};
struct Square {
  static inline float value(float x) { return x * x; }
  static inline float slope(float x, float) { return 2.0f * x; }
};
struct Relu6 {
  static inline float value(float x) { return at_most(at_least(x, 0.0f), 6.0f); }
  static inline float slope(float, float y) { return (y > 0.0f) & (y < 6.0f) ? 1.0f : 0.0f; }
};
struct LeakyRelu {
  static inline float value(float x) { return x > 0.0f ? x : kLeakyAlpha * x; }
  static inline float slope(float x, float) { return x > 0.0f ? 1.0f : kLeakyAlpha; }
};
struct Elu {
  static inline float value(float x) {
    const float below = expm1_of_negative(x < 0.0f ? x : 0.0f);
    return x < 0.0f ? below : x;
  }
  static inline float slope(float, float y) { return y < 0.0f ? y + 1.0f : 1.0f; }
};
struct Selu {
  static inline float value(float x) {
    const float below = kSeluAlpha * expm1_of_negative(x < 0.0f ? x : 0.0f);
    return kSeluScale * (x < 0.0f ? below : x);
  }
  static inline float slope(float, float y) { return y < 0.0f ? y + kSeluScale * kSeluAlpha : kSeluScale; }
};
struct Tanh {
  static inline float value(float x) { return tanh_of(x); }
  static inline float slope(float, float y) { return 1.0f - y * y; }
};
struct Sigmoid {
  static inline float value(float x) { return sigmoid_of(x); }
  static inline float slope(float, float y) { return y * (1.0f - y); }
};
struct Softplus {
  static inline float value(float x) { return (x < 0.0f ? 0.0f : x) + log1p_of(exp_of(-__builtin_fabsf(x))); }
  static inline float slope(float x, float) { return sigmoid_of(x); }
};
struct Swish {
  static inline float value(float x) { return x * sigmoid_of(x); }
  static inline float slope(float x, float y) {
    const float s = sigmoid_of(x);
    return s + y * (1.0f - s);
  }
};
struct Gelu {
  static inline float below(float x, float beyond) { return x < 0.0f ? beyond : 1.0f - beyond; }
  static inline float value(float x) { return x * below(x, normal_of(x).beyond); }
  static inline float slope(float x, float) {
    const Normal at = normal_of(x);
    return below(x, at.beyond) + x * at.density;
  }
};
/// x (1 + tanh(z)) / 2 = x sigmoid(2 z), 2 z = c (x + 0.044715 x^3), c = 2 sqrt(2 / pi).
struct GeluTanh {
  static constexpr float kC = 1.59576912f, kCubic = 0.044715f;
  static inline float share(float x) { return sigmoid_of(kC * (x + kCubic * (x * x * x))); }
  static inline float value(float x) { return x * share(x); }
  static inline float slope(float x, float) {
    // Beyond 20 the share is 0 or 1 for good, and the products could only overflow.
    const float near = at_most(at_least(x, -20.0f), 20.0f), s = share(near);
    return s + near * (s * (1.0f - s)) * (kC * (1.0f + 3.0f * kCubic * (near * near)));
  }
};

template <class F>
void forward(const float* __restrict x, float* __restrict y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] = F::value(x[i]);
}

template <class F>
void backward(const float* __restrict x, const float* __restrict y, const float* __restrict dy, float* __restrict dx,
              int64_t n, bool add) {
  if (add) {
    for (int64_t i = 0; i < n; ++i) dx[i] += dy[i] * F::slope(x[i], y[i]);
  } else {
    for (int64_t i = 0; i < n; ++i) dx[i] = dy[i] * F::slope(x[i], y[i]);
  }
}

template <class F>
constexpr Function kFunction = {forward<F>, backward<F>};

}  // namespace

const Functions kFunctions = {.exp = kFunction<Exp>,
                              .log = kFunction<Log>,
                              .sqrt = kFunction<Sqrt>,
                              .square = kFunction<Square>,
                              .relu6 = kFunction<Relu6>,
                              .leaky_relu = kFunction<LeakyRelu>,
                              .elu = kFunction<Elu>,
                              .selu = kFunction<Selu>,
                              .tanh = kFunction<Tanh>,
                              .sigmoid = kFunction<Sigmoid>,
                              .softplus = kFunction<Softplus>,
                              .swish = kFunction<Swish>,
                              .gelu = kFunction<Gelu>,
                              .gelu_tanh = kFunction<GeluTanh>};
