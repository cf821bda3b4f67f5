// Philox over many counters for avx2.
#include <weft/core/philox.h>

namespace weft::kernels::avx2 {
extern const Draws kDraws;
#include <weft/core/philox_body.h>
}  // namespace weft::kernels::avx2
