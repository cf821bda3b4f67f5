// Philox over many counters for avx512.
#include <weft/core/philox.h>

namespace weft::kernels::avx512 {
extern const Draws kDraws;
#include <weft/core/philox_body.h>
}  // namespace weft::kernels::avx512
