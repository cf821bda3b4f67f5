// Philox over many counters for any processor.
#include <weft/core/philox.h>

namespace weft::kernels::baseline {
extern const PhiloxFill kPhiloxFill;
#include <weft/core/philox_body.h>
}  // namespace weft::kernels::baseline
