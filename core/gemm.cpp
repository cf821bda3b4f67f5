// Cutting a matrix product into pieces for threads.
#include <weft/core/gemm.h>
#include <weft/core/gemm_pieces.h>
#include <weft/core/parallel.h>

#include <doctest/doctest.h>
#include <algorithm>
#include <array>
#include <bit>
#include <random>
#include <vector>

namespace weft {
namespace {

/// Multiply-adds below which a product is not cut: handing over a piece costs some microseconds.
constexpr int64_t kWhole = int64_t{1} << 21;
/// Multiply-adds of a piece of a large product; smaller pieces would repack the other operand too often.
constexpr int64_t kPiece = int64_t{1} << 25;
constexpr int64_t kMostPieces = 16;
/// Rows or columns of a piece are a multiple of this, so that no piece but the last is ragged.
constexpr int64_t kMultiple = 16;

/// Pieces of a product: at least two once it is worth cutting, more for larger ones; by its size alone. A power of two,
/// so that most numbers of threads have equal shares.
int64_t pieces_of(const GemmArgs& g) {
  const int64_t work = g.m * g.n * g.k;
  if (work < kWhole) return 1;
  return std::clamp<int64_t>(std::bit_ceil(static_cast<uint64_t>(work / kPiece)), 2, kMostPieces);
}

/// Columns [first, first + count) of the product, or rows of it.
detail::GemmPiece part(const GemmArgs& g, bool rows, int64_t first, int64_t count) {
  detail::GemmPiece p{.args = g};
  if (rows) {
    p.args.m = count;
    p.first_a = g.transpose_a ? first : first * g.a_stride;
    p.args.c += first * g.c_stride;
  } else {
    p.args.n = count;
    p.first_b = g.transpose_b ? first * g.b_stride : first;
    p.args.c += first;
    if (g.bias != nullptr) p.args.bias += first;
  }
  if (g.a != nullptr) p.args.a += p.first_a;
  if (g.b != nullptr) p.args.b += p.first_b;
  return p;
}

}  // namespace

void detail::for_pieces(const GemmArgs& g, const std::function<void(const GemmPiece&)>& compute) {
  const bool rows = g.m >= g.n;
  const int64_t extent = rows ? g.m : g.n;
  const int64_t grain = ((extent + pieces_of(g) - 1) / pieces_of(g) + kMultiple - 1) / kMultiple * kMultiple;
  if (grain >= extent) return compute({.args = g});
  parallel_for(extent, grain, [&](int64_t begin, int64_t end) { compute(part(g, rows, begin, end - begin)); });
}

void gemm(const GemmArgs& g) {
  if (g.m == 0 || g.n == 0) return;
  if (g.precision == MatmulPrecision::bfloat16) return detail::gemm_of_bfloat16(g);
  detail::for_pieces(g, [](const detail::GemmPiece& piece) { detail::gemm_on_this_thread(piece.args); });
}

namespace {

std::vector<float> numbers(int64_t n, unsigned seed) {
  std::mt19937 generator(seed);
  std::vector<float> out(static_cast<size_t>(n));
  for (float& x : out) x = static_cast<float>(generator() % 2001) / 1000.0f - 1.0f;
  return out;
}

}  // namespace

TEST_CASE("gemm: agrees with three loops, transposed or not, with bias, relu, addition and strides") {
  for (const bool transpose_a : {false, true}) {
    for (const bool transpose_b : {false, true}) {
      for (const int extra : {0, 1, 2}) {
        const int64_t m = 9, n = 17, k = 5;
        const auto a = numbers(20 * 20, 1), b = numbers(20 * 20, 2), bias = numbers(n, 3);
        auto c = numbers(m * 18, 4);
        const auto before = c;
        gemm({.m = m,
              .n = n,
              .k = k,
              .a = a.data(),
              .a_stride = 19,
              .transpose_a = transpose_a,
              .b = b.data(),
              .b_stride = 20,
              .transpose_b = transpose_b,
              .c = c.data(),
              .c_stride = 18,
              .bias = extra == 1 ? bias.data() : nullptr,
              .relu = extra == 1,
              .accumulate = extra == 2});
        for (int64_t i = 0; i < m; ++i) {
          for (int64_t j = 0; j < n; ++j) {
            double sum = extra == 1   ? bias[static_cast<size_t>(j)]
                         : extra == 2 ? before[static_cast<size_t>(i * 18 + j)]
                                      : 0;
            for (int64_t l = 0; l < k; ++l) {
              sum += a[static_cast<size_t>(transpose_a ? l * 19 + i : i * 19 + l)] *
                     b[static_cast<size_t>(transpose_b ? j * 20 + l : l * 20 + j)];
            }
            if (extra == 1) sum = std::max(sum, 0.0);
            CHECK(c[static_cast<size_t>(i * 18 + j)] == doctest::Approx(sum).epsilon(1e-5));
          }
          CHECK(c[static_cast<size_t>(i * 18 + 17)] == before[static_cast<size_t>(i * 18 + 17)]);
        }
      }
    }
  }
}

TEST_CASE("gemm: the same bits for any number of threads") {
  for (const auto& [m, n, k] : {std::array<int64_t, 3>{1000, 130, 70}, {130, 1000, 300}, {513, 512, 512}}) {
    const auto a = numbers(m * k, 1), b = numbers(k * n, 2), bias = numbers(n, 3);
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
            .bias = bias.data(),
            .relu = true});
      if (threads == 1) first = c;
      CHECK(c == first);
    }
  }
}

}  // namespace weft
