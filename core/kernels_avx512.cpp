// The kernels for avx512: vectors of 16 floats.
#include <immintrin.h>
#include <weft/core/kernels.h>

#define WEFT_LANES 16
#define WEFT_SET "avx512"

namespace weft::kernels::avx512 {
extern const Kernels kTable;
#include <weft/core/kernels_body.h>
}  // namespace weft::kernels::avx512
