// Products of bfloat16 factors: both are rounded once, then every piece of the product reads the copies.
#include <weft/core/buffer.h>
#include <weft/core/gemm.h>
#include <weft/core/gemm_pieces.h>
#include <weft/core/kernels.h>
#include <weft/core/parallel.h>

#include <doctest/doctest.h>
#include <bit>
#include <vector>

namespace weft {
namespace {

/// A matrix as it is stored, its rows `stride` apart.
struct Stored {
  const float* data;
  int64_t rows, width, stride;
};

Stored stored_a(const GemmArgs& g) {
  return {g.a, g.transpose_a ? g.k : g.m, g.transpose_a ? g.m : g.k, g.a_stride};
}

Stored stored_b(const GemmArgs& g) {
  return {g.b, g.transpose_b ? g.n : g.k, g.transpose_b ? g.k : g.n, g.b_stride};
}

/// Calls round(from, first, count) for all rows, on all threads; `first` is the place in an array without gaps.
template <class Round>
void for_rows(const Stored& x, const Round& round) {
  constexpr int64_t kNumbers = 1 << 15;
  parallel_for(x.rows, kNumbers / x.width + 1, [&](int64_t begin, int64_t end) {
    if (x.stride == x.width) return round(x.data + begin * x.width, begin * x.width, (end - begin) * x.width);
    for (int64_t row = begin; row < end; ++row) round(x.data + row * x.stride, row * x.width, x.width);
  });
}

Buffer to_bfloat16(const Stored& x) {
  const Buffer out(static_cast<size_t>(x.rows * x.width) * sizeof(uint16_t));
  for_rows(x, [&](const float* from, int64_t first, int64_t count) {
    kernels::best().to_bfloat16(from, out.as<uint16_t>() + first, count);
  });
  return out;
}

/// As float32: what a processor without instructions for bfloat16 multiplies.
Buffer rounded(const Stored& x) {
  const Buffer out(static_cast<size_t>(x.rows * x.width) * sizeof(float));
  for_rows(x, [&](const float* from, int64_t first, int64_t count) {
    kernels::best().round_to_bfloat16(from, out.as<float>() + first, count);
  });
  return out;
}

}  // namespace

void detail::gemm_of_bfloat16(const GemmArgs& g) {
  const Stored a = stored_a(g), b = stored_b(g);
  GemmArgs rest = g;
  rest.precision = MatmulPrecision::float32;
  rest.a_stride = a.width;
  rest.b_stride = b.width;
  if (!has_bfloat16_products()) {
    const Buffer left = rounded(a), right = rounded(b);
    rest.a = left.as<float>();
    rest.b = right.as<float>();
    return gemm(rest);
  }
  const Buffer left = to_bfloat16(a), right = to_bfloat16(b);
  rest.a = rest.b = nullptr;
  for_pieces(rest, [&](const GemmPiece& p) {
    gemm_on_this_thread(p.args, {.a = left.as<uint16_t>() + p.first_a, .b = right.as<uint16_t>() + p.first_b});
  });
}

namespace {

std::vector<float> numbers(int64_t n, uint32_t seed) {
  std::vector<float> out(static_cast<size_t>(n));
  for (float& x : out) {
    seed = seed * 1664525 + 1013904223;
    x = static_cast<float>(seed >> 8) * 0x1p-23f - 1.0f;
  }
  return out;
}

/// The definition: the upper half of the bits, rounded to the nearest, ties to even.
float nearest_bfloat16(float x) {
  const auto bits = std::bit_cast<uint32_t>(x);
  const uint32_t low = bits & 0xFFFFu, high = bits & 0xFFFF0000u;
  const bool up = low > 0x8000u || (low == 0x8000u && ((high >> 16) & 1u) == 1);
  return std::bit_cast<float>(up ? high + 0x10000u : high);
}

}  // namespace

TEST_CASE("bfloat16 products: agree with three loops over rounded numbers, transposed or not, with strides") {
  for (const bool transpose_a : {false, true}) {
    for (const bool transpose_b : {false, true}) {
      for (const int extra : {0, 1, 2}) {
        const int64_t m = 9, n = 17, k = 21;
        const auto a = numbers(30 * 30, 1), b = numbers(30 * 30, 2), bias = numbers(n, 3);
        auto c = numbers(m * 18, 4);
        const auto before = c;
        gemm({.m = m,
              .n = n,
              .k = k,
              .a = a.data(),
              .a_stride = 29,
              .transpose_a = transpose_a,
              .b = b.data(),
              .b_stride = 30,
              .transpose_b = transpose_b,
              .c = c.data(),
              .c_stride = 18,
              .bias = extra == 1 ? bias.data() : nullptr,
              .relu = extra == 1,
              .accumulate = extra == 2,
              .precision = MatmulPrecision::bfloat16});
        for (int64_t i = 0; i < m; ++i) {
          for (int64_t j = 0; j < n; ++j) {
            const auto at = static_cast<size_t>(i * 18 + j);
            double sum = extra == 1 ? bias[static_cast<size_t>(j)] : extra == 2 ? before[at] : 0;
            for (int64_t l = 0; l < k; ++l) {
              sum += double{nearest_bfloat16(a[static_cast<size_t>(transpose_a ? l * 29 + i : i * 29 + l)])} *
                     double{nearest_bfloat16(b[static_cast<size_t>(transpose_b ? j * 30 + l : l * 30 + j)])};
            }
            CHECK(c[at] == doctest::Approx(extra == 1 ? std::max(sum, 0.0) : sum).epsilon(1e-5));
          }
        }
      }
    }
  }
}

TEST_CASE("bfloat16 products: the same bits for any number of threads") {
  const int64_t m = 1000, n = 130, k = 70;
  const auto a = numbers(m * k, 1), b = numbers(k * n, 2);
  std::vector<float> first;
  for (const int threads : {1, 2, 3}) {
    const ThreadLimit limit(threads);
    std::vector<float> c(static_cast<size_t>(m * n));
    gemm({.m = m,
          .n = n,
          .k = k,
          .a = a.data(),
          .a_stride = k,
          .b = b.data(),
          .b_stride = n,
          .c = c.data(),
          .c_stride = n,
          .precision = MatmulPrecision::bfloat16});
    if (threads == 1) first = c;
    CHECK(c == first);
  }
}

TEST_CASE("bfloat16: every kind of number is rounded to the nearest, ties to even, on every set") {
  std::vector<float> x;
  for (uint64_t bits = 0; bits < (uint64_t{1} << 32); bits += 32749) {
    x.push_back(std::bit_cast<float>(static_cast<uint32_t>(bits)));
  }
  for (const float one : {1.00390625f, 1.01171875f, 3.4028235e38f, -0.0f}) x.push_back(one);
  const auto n = static_cast<int64_t>(x.size());
  for (const kernels::Kernels* set : {&kernels::plain(), &kernels::best()}) {
    std::vector<uint16_t> half(x.size());
    std::vector<float> whole(x.size());
    set->to_bfloat16(x.data(), half.data(), n);
    set->round_to_bfloat16(x.data(), whole.data(), n);
    size_t different = 0;
    for (size_t i = 0; i < x.size(); ++i) {
      const bool none = x[i] != x[i];
      const float back = std::bit_cast<float>(static_cast<uint32_t>(half[i]) << 16);
      const bool right = none ? back != back && whole[i] != whole[i]
                              : std::bit_cast<uint32_t>(back) == std::bit_cast<uint32_t>(nearest_bfloat16(x[i])) &&
                                    std::bit_cast<uint32_t>(whole[i]) == std::bit_cast<uint32_t>(back);
      different += right ? 0 : 1;
    }
    CHECK(different == 0);
  }
}

}  // namespace weft
