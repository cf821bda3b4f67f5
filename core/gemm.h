// Matrix products, through oneDNN; cut into pieces that do not depend on the number of threads.
#pragma once
#include <weft/core/matmul_precision.h>

#include <cstdint>

namespace weft {

/// c[m, n] = a[m, k] * b[k, n], with what may come after it. Strides are between the rows of the stored matrices; `a`
/// is stored [k, m] if transpose_a, `b` [n, k] if transpose_b.
struct GemmArgs {
  int64_t m = 0, n = 0, k = 0;
  const float* a = nullptr;
  int64_t a_stride = 0;
  bool transpose_a = false;
  const float* b = nullptr;
  int64_t b_stride = 0;
  bool transpose_b = false;
  float* c = nullptr;
  int64_t c_stride = 0;
  const float* bias = nullptr;  ///< [n], added to every row
  bool relu = false;            ///< max(., 0) last
  bool accumulate = false;      ///< adds to c in place of storing; not with bias or relu
  MatmulPrecision precision = MatmulPrecision::float32;
};

/// The product on up to num_threads() threads, the same bits for any number of them.
void gemm(const GemmArgs& args);

}  // namespace weft
