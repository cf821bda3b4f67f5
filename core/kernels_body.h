// The kernels' one source text. Each kernels_<set>.cpp includes it once, with WEFT_LANES floats in a vector and its own
// namespace. It uses no inline function of the standard library: those would be shared with code for lesser processors.
//
// A row of `width` numbers is handled as vectors of kLanes. Where width is no multiple, the last vector reaches back
// into the one before it: both then hold the same results, so that it doesn't matter which is stored last.

namespace {

constexpr int kLanes = WEFT_LANES;
/// Ids ahead of the one in work whose rows, places or gradients are asked for.
constexpr int64_t kRowsAhead = 32, kAhead = 16;
/// Numbers of a cache line.
constexpr int kLine = 16;
/// Vectors of a row that are held in registers.
constexpr int kMost = 8;

typedef float Vector __attribute__((vector_size(4 * WEFT_LANES), aligned(4), may_alias));

inline Vector load(const float* p) {
  return *reinterpret_cast<const Vector*>(p);
}
inline void store(float* p, Vector v) {
  *reinterpret_cast<Vector*>(p) = v;
}
/// The first `count` < kLanes numbers, then zeros.
inline Vector load_first(const float* p, int64_t count) {
#if WEFT_LANES == 16
  return _mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << count) - 1), p);
#else
  Vector v = {};
  for (int64_t k = 0; k < count; ++k) v[k] = p[k];
  return v;
#endif
}
inline void store_first(float* p, Vector v, int64_t count) {
#if WEFT_LANES == 16
  _mm512_mask_storeu_ps(p, static_cast<__mmask16>((1u << count) - 1), v);
#else
  for (int64_t k = 0; k < count; ++k) p[k] = v[k];
#endif
}
inline int64_t least(int64_t a, int64_t b) {
  return a < b ? a : b;
}

inline void prefetch_row(const float* row, int64_t width) {
  const char* p = reinterpret_cast<const char*>(row);
  for (int64_t byte = 0; byte < 4 * width; byte += 64) __builtin_prefetch(p + byte);
  __builtin_prefetch(p + 4 * width - 1);
}

/// Vectors of a piece of a row: one that is shorter than a vector (N = 0) has one, too.
template <int N>
constexpr int kVectors = N > 0 ? N : 1;

/// Vector j of a piece of `width` numbers.
template <int N>
inline Vector load_part(const float* piece, int j, int64_t width) {
  if constexpr (N == 0) return load_first(piece, width);
  return load(piece + (j + 1 < N ? int64_t{j} * kLanes : width - kLanes));
}
template <int N>
inline void store_part(float* piece, int j, int64_t width, Vector v) {
  if constexpr (N == 0) return store_first(piece, v, width);
  store(piece + (j + 1 < N ? int64_t{j} * kLanes : width - kLanes), v);
}

/// Calls piece<N>(first, width) for pieces of a row of at most kMost vectors; N = 0 if the whole row is shorter than a
/// vector.
template <class Piece>
inline void for_pieces(int64_t width, const Piece& piece) {
  for (int64_t first = 0, n = 0; first < width; first += n) {
    n = least(kMost * kLanes, width - first);
    if (const int64_t rest = width - first - n; 0 < rest && rest < kLanes) n -= kLanes;
    switch (n < kLanes ? 0 : (n + kLanes - 1) / kLanes) {
      case 0:
        piece.template operator()<0>(first, n);
        break;
      case 1:
        piece.template operator()<1>(first, n);
        break;
      case 2:
        piece.template operator()<2>(first, n);
        break;
      case 3:
        piece.template operator()<3>(first, n);
        break;
      case 4:
        piece.template operator()<4>(first, n);
        break;
      case 5:
        piece.template operator()<5>(first, n);
        break;
      case 6:
        piece.template operator()<6>(first, n);
        break;
      case 7:
        piece.template operator()<7>(first, n);
        break;
      default:
        piece.template operator()<8>(first, n);
    }
  }
}

/// One bag of a lookup, N vectors of each row.
template <int N>
inline void lookup_bag(const LookupArgs& a, int64_t bag, int64_t first, int64_t width, int64_t ids_end) {
  Vector sum[kVectors<N>] = {};
  for (int64_t i = a.offsets[bag]; i < a.offsets[bag + 1]; ++i) {
    const float* ahead = a.table + a.ids[least(i + kRowsAhead, ids_end - 1)] * a.stride + first;
    if constexpr (N == 0) prefetch_row(ahead, width);
    const float* row = a.table + a.ids[i] * a.stride + first;
    const float scale = a.per_bag ? 1.0f : a.scales[i];
    for (int j = 0; j < kVectors<N>; ++j) {
      if (N > 0 && j + 1 == N) __builtin_prefetch(ahead + width - 1);
      if (j + 1 < N && j * kLanes % kLine == 0) __builtin_prefetch(ahead + int64_t{j} * kLanes);
      const Vector x = load_part<N>(row, j, width);
      sum[j] += a.per_bag ? x : scale * x;
    }
  }
  float* out = a.out + bag * a.out_stride + first;
  // A bag of scale 0 is empty: zeros, even if the row that stands in for it is not finite.
  const float scale = a.per_bag ? a.scales[bag] : 1.0f;
  const bool zero = a.per_bag && scale == 0.0f;
  for (int j = 0; j < kVectors<N>; ++j) store_part<N>(out, j, width, zero ? Vector{} : scale * sum[j]);
}

void lookup(const LookupArgs& args) {
  const LookupArgs a = args;
  const int64_t ids_end = a.offsets[a.bags];
  for_pieces(a.width, [&]<int N>(int64_t first, int64_t width) {
    for (int64_t bag = a.first_bag; bag < a.last_bag; ++bag) lookup_bag<N>(a, bag, first, width, ids_end);
  });
}

/// d = scale * dout, N vectors.
template <int N>
inline void scaled_row(const float* dout, float scale, int64_t width, Vector* d) {
  for (int j = 0; j < kVectors<N>; ++j) d[j] = scale * load_part<N>(dout, j, width);
}

/// Vector j of the sum of a row (see sums_stride).
template <int N>
inline Vector load_sum(const float* sum, int j, int64_t width) {
  return N == 0 ? load(sum) : load_part<N>(sum, j, width);
}
template <int N>
inline void store_sum(float* sum, int j, int64_t width, Vector v) {
  if constexpr (N == 0) return store(sum, v);
  store_part<N>(sum, j, width, v);
}

/// Adds d to `width` numbers of a sum, N vectors.
template <int N>
inline void add_to_sum(float* sum, const Vector* d, int64_t width) {
  Vector old[kVectors<N>];
  for (int j = 0; j < kVectors<N>; ++j) old[j] = load_sum<N>(sum, j, width);
  for (int j = 0; j < kVectors<N>; ++j) store_sum<N>(sum, j, width, old[j] + d[j]);
}
template <int N>
inline int64_t stride_of_sums(int64_t width) {
  return N == 0 ? sums_stride(0) : sums_stride(width);
}

// What a loop works on is copied first: vectors that it writes might otherwise be taken for the arguments themselves.

void add_bags(const AddBagsArgs& args, float* sums, int64_t row_width) {
  const AddBagsArgs a = args;
  for_pieces(row_width, [&]<int N>(int64_t first, int64_t width) {
    const int64_t stride = stride_of_sums<N>(row_width);
    Vector d[kVectors<N>] = {};
    for (int64_t bag = 0; bag < a.bags; ++bag) {
      const float* dout = a.dout + bag * a.dout_stride + first;
      if (a.per_bag) scaled_row<N>(dout, a.scales[bag], width, d);
      for (int64_t i = a.offsets[bag]; i < a.offsets[bag + 1]; ++i) {
        if (!a.per_bag) scaled_row<N>(dout, a.scales[i], width, d);
        add_to_sum<N>(sums + a.places[i] * stride + first, d, width);
      }
    }
  });
}

void add_uses(const AddUsesArgs& args, float* sums, int64_t row_width) {
  const AddUsesArgs a = args;
  for_pieces(row_width, [&]<int N>(int64_t first, int64_t width) {
    const int64_t stride = stride_of_sums<N>(row_width);
    Vector d[kVectors<N>] = {};
    for (int64_t i = 0; i < a.count; ++i) {
      const Use &use = a.uses[i], &later = a.uses[least(i + kAhead, a.count - 1)];
      prefetch_row(a.dout + int64_t{later.bag} * a.dout_stride + first, width);
      scaled_row<N>(a.dout + int64_t{use.bag} * a.dout_stride + first, use.scale, width, d);
      add_to_sum<N>(sums + use.row * stride + first, d, width);
    }
  });
}

void column_sums(const float* x, int64_t rows, int64_t width, float* sums) {
  for_pieces(width, [=]<int N>(int64_t first, int64_t n) {
    Vector sum[kVectors<N>] = {};
    for (int64_t row = 0; row < rows; ++row) {
      for (int j = 0; j < kVectors<N>; ++j) sum[j] += load_part<N>(x + row * width + first, j, n);
    }
    for (int j = 0; j < kVectors<N>; ++j) store_part<N>(sums + first, j, n, sum[j]);
  });
}

void relu_column_sums(float* dout, const float* out, int64_t rows, int64_t width, float* sums) {
  for_pieces(width, [=]<int N>(int64_t first, int64_t n) {
    Vector sum[kVectors<N>] = {};
    for (int64_t row = 0; row < rows; ++row) {
      const int64_t at = row * width + first;
      for (int j = 0; j < kVectors<N>; ++j) {
        const Vector d = load_part<N>(out + at, j, n) > 0.0f ? load_part<N>(dout + at, j, n) : Vector{};
        store_part<N>(dout + at, j, n, d);
        sum[j] += d;
      }
    }
    for (int j = 0; j < kVectors<N>; ++j) store_part<N>(sums + first, j, n, sum[j]);
  });
}

float dot(const float* a, const float* b, int64_t n) {
  Vector sums[2] = {};
  int64_t i = 0;
  for (; i + 2 * kLanes <= n; i += 2 * kLanes) {
    sums[0] += load(a + i) * load(b + i);
    sums[1] += load(a + i + kLanes) * load(b + i + kLanes);
  }
  sums[0] += sums[1];
  float sum = 0.0f;
  for (; i < n; ++i) sum += a[i] * b[i];
  for (int lane = 0; lane < kLanes; ++lane) sum += sums[0][lane];
  return sum;
}

void axpy(float a, const float* x, float* y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] += a * x[i];
}

/// The bits of x with the nearest bfloat16 in the upper half, ties to even.
inline uint32_t nearest_bfloat16(float x) {
  const auto bits = __builtin_bit_cast(uint32_t, x);
  const uint32_t quiet = bits | 0x400000u;
  return x != x ? quiet : bits + (0x7FFFu + ((bits >> 16) & 1u));
}

void to_bfloat16(const float* __restrict x, uint16_t* __restrict out, int64_t n) {
  for (int64_t i = 0; i < n; ++i) out[i] = static_cast<uint16_t>(nearest_bfloat16(x[i]) >> 16);
}

void round_to_bfloat16(const float* __restrict x, float* __restrict out, int64_t n) {
  for (int64_t i = 0; i < n; ++i) out[i] = __builtin_bit_cast(float, nearest_bfloat16(x[i]) & 0xFFFF0000u);
}

inline Vector square_root(Vector x) {
  Vector root;
  for (int lane = 0; lane < kLanes; ++lane) root[lane] = __builtin_sqrtf(x[lane]);
  return root;
}

/// a * b + c, rounded once.
[[maybe_unused]] inline float fused(float a, float b, float c) {
#ifdef __FP_FAST_FMAF
  return __builtin_fmaf(a, b, c);
#else
  // The product of floats is a double. Of the sum's two neighbours among doubles the odd one keeps what a float's
  // rounding needs to know (Boldo, Melquiond: Emulation of FMA and correctly rounded sums, 2008).
  const double product = static_cast<double>(a) * b, sum = product + c, part = sum - product;
  const double lost = (product - (sum - part)) + (c - part);
  auto bits = __builtin_bit_cast(int64_t, sum);
  if ((lost > 0.0 || lost < 0.0) && bits % 2 == 0) bits += (lost > 0.0) == (sum > 0.0) ? 1 : -1;
  return static_cast<float>(__builtin_bit_cast(double, bits));
#endif
}
inline Vector fused(Vector a, Vector b, Vector c) {
#if WEFT_LANES == 16
  return _mm512_fmadd_ps(a, b, c);
#elif WEFT_LANES == 8
  return _mm256_fmadd_ps(a, b, c);
#else
  Vector y;
  for (int lane = 0; lane < kLanes; ++lane) y[lane] = fused(a[lane], b[lane], c[lane]);
  return y;
#endif
}

#include <weft/core/rules_body.h>
// After what it is made of.
#include <weft/core/decaying_rules_body.h>

constexpr Rules kRules = {gradient_descent,
                          adagrad,
                          momentum,
                          nesterov,
                          keras_momentum,
                          keras_nesterov,
                          rmsprop,
                          centered_rmsprop,
                          keras_rmsprop,
                          keras_centered_rmsprop,
                          adadelta,
                          adagrad_da,
                          proximal_adagrad,
                          proximal_gradient_descent,
                          ftrl,
                          rowwise_adagrad,
                          adam,
                          adamw,
                          amsgrad,
                          lazy_adam};

}  // namespace

const Kernels kTable = {WEFT_SET,    lookup, add_bags,    add_uses,          column_sums, relu_column_sums, dot, axpy,
                        adam_replay, decay,  to_bfloat16, round_to_bfloat16, kRules};
