// The functions over arrays for any processor.
#include <weft/core/elementwise.h>

namespace weft::kernels::baseline {
extern const Functions kFunctions;
#include <weft/core/elementwise_body.h>
}  // namespace weft::kernels::baseline
