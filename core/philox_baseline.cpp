// Philox over many counters for any processor.
#include <weft/core/philox.h>

namespace weft::kernels::baseline {
extern const Draws kDraws;
#include <weft/core/philox_body.h>
}  // namespace weft::kernels::baseline
