// The kernels for any processor: vectors of 4 floats.
#include <weft/core/kernels.h>

#define WEFT_LANES 4
#define WEFT_SET "baseline"

namespace weft::kernels::baseline {
extern const Kernels kTable;
#include <weft/core/kernels_body.h>
}  // namespace weft::kernels::baseline
