// The functions over arrays for avx2.
#include <weft/core/elementwise.h>

namespace weft::kernels::avx2 {
extern const Functions kFunctions;
#include <weft/core/elementwise_body.h>
}  // namespace weft::kernels::avx2
