// How many bytes a tensor takes that a file tells of: for what checks a file before anything is read.
#pragma once
#include <weft/io/formats/named_tensors.h>

#include <cstdint>
#include <optional>

namespace weft {

/// Bytes of a tensor of numbers; nothing if an extent is negative or they are 2^63 or more.
inline std::optional<uint64_t> tensor_bytes(const TensorInfo& info) {
  auto bytes = static_cast<int64_t>(size_of(info.type));
  bool empty = false;
  for (const int64_t extent : info.shape) {
    if (extent < 0) return std::nullopt;
    empty = empty || extent == 0;
    if (extent > 0 && __builtin_mul_overflow(bytes, extent, &bytes)) return std::nullopt;
  }
  return empty ? 0 : static_cast<uint64_t>(bytes);
}

/// Bytes of one row. For tensors whose bytes were counted.
inline uint64_t row_bytes(const TensorInfo& info) {
  return static_cast<uint64_t>(info.width()) * size_of(info.type);
}

}  // namespace weft
