// column_sums: sums over the rows of a batch, in float64 and in a fixed order.
#pragma once
#include <weft/core/buffer.h>
#include <weft/core/parallel.h>

#include <algorithm>

namespace weft::detail {

/// Rows that a thread handles at once.
constexpr int64_t kRowsAtOnce = 256;

/// sum over b in [0, rows) of term(b, k) as double [width], the same bits for any number of threads: pieces of rows are
/// summed on their own and then added in order.
template <class Term>
Buffer column_sums(int64_t rows, int64_t width, const Term& term) {
  const int64_t pieces = std::max<int64_t>((rows + kRowsAtOnce - 1) / kRowsAtOnce, 1);
  const Buffer buffer(static_cast<size_t>(pieces * width) * sizeof(double));
  auto* partial = buffer.as<double>();
  std::fill_n(partial, pieces * width, 0.0);
  parallel_for(rows, kRowsAtOnce, [&](int64_t begin, int64_t end) {
    double* sums = partial + begin / kRowsAtOnce * width;
    for (int64_t b = begin; b < end; ++b) {
      for (int64_t k = 0; k < width; ++k) sums[k] += term(b, k);
    }
  });
  for (int64_t piece = 1; piece < pieces; ++piece) {
    for (int64_t k = 0; k < width; ++k) partial[k] += partial[piece * width + k];
  }
  return buffer;
}

}  // namespace weft::detail
