// Philox over many counters for avx2.
#include <weft/core/philox.h>

namespace weft::kernels::avx2 {
extern const PhiloxFill kPhiloxFill;
#include <weft/core/philox_body.h>
}  // namespace weft::kernels::avx2
