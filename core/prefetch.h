// prefetch: asks for memory that is needed soon.
#pragma once
#include <cstddef>

namespace weft {

// g++ takes a function that does nothing else for one without effect, and leaves out calls of it: these are never
// calls, and a lambda that only prefetches must not be one either.

[[gnu::always_inline]] inline void prefetch(const void* address) {
  __builtin_prefetch(address);
}
/// The cache lines of [first, first + bytes), where `first` is at the start of one.
[[gnu::always_inline]] inline void prefetch(const void* first, size_t bytes) {
  for (size_t byte = 0; byte < bytes; byte += 64) __builtin_prefetch(static_cast<const char*>(first) + byte);
}

}  // namespace weft
