// Random numbers many at a time: Philox over many counters, and what is drawn from its bits; vectors at run time.
#pragma once
#include <cstdint>

namespace weft::kernels {

/// out[4 i .. 4 i + 4) = philox(first + i, high, key) for i in [0, blocks) (see random.h).
using PhiloxFill = void (*)(uint64_t first, uint64_t high, uint64_t key, uint32_t* out, int64_t blocks);

/// out[i] = the normal within two standard deviations that the upper 24 bits of bits[i] stand for, i in [0, n).
using TruncatedNormalFill = void (*)(const uint32_t* bits, float* out, int64_t n);

/// The loops for one instruction set; every set gives the same bits.
struct Draws {
  PhiloxFill philox;
  TruncatedNormalFill truncated_normal;
};
/// The loops for the best instruction set of this processor.
const Draws& draws();

}  // namespace weft::kernels
