// The functions over arrays for avx512.
#include <weft/core/elementwise.h>

namespace weft::kernels::avx512 {
extern const Functions kFunctions;
#include <weft/core/elementwise_body.h>
}  // namespace weft::kernels::avx512
