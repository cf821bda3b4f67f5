// The kernels for avx2: vectors of 8 floats.
#include <immintrin.h>
#include <weft/core/kernels.h>

#define WEFT_LANES 8
#define WEFT_SET "avx2"

namespace weft::kernels::avx2 {
extern const Kernels kTable;
#include <weft/core/kernels_body.h>
}  // namespace weft::kernels::avx2
