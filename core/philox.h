// Philox over many counters at once: vectors at run time.
#pragma once
#include <cstdint>

namespace weft::kernels {

/// out[4 i .. 4 i + 4) = philox(first + i, high, key) for i in [0, blocks) (see random.h).
using PhiloxFill = void (*)(uint64_t first, uint64_t high, uint64_t key, uint32_t* out, int64_t blocks);

/// The loop for the best instruction set of this processor.
PhiloxFill philox_fill();

}  // namespace weft::kernels
