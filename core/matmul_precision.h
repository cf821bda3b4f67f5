// MatmulPrecision: how exact the factors of a matrix product are.
#pragma once

namespace weft {

/// What the factors of a product are rounded to. Sums, results and weights are float32 in any case.
enum class MatmulPrecision {
  float32,
  /// To the nearest bfloat16 (8 bits of precision, the range of float32), ties to even. Fast where the processor has
  /// instructions for it (AVX512-BF16, AMX); elsewhere rounded just the same and multiplied as float32, no faster.
  bfloat16,
};

}  // namespace weft
