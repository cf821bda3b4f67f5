// Walking over a tensor of any size, a piece of it in memory at a time.
#pragma once
#include <weft/io/formats/named_tensors.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

namespace weft {

/// Rows of a tensor as they lie in the file.
struct TensorPiece {
  int64_t first = 0;  ///< row
  int64_t rows = 0;
  std::span<const std::byte> bytes;
};
/// Gives all rows of a tensor of numbers in order, about a MiB at a time (never less than a row). Throws DataError.
void for_each_piece(const NamedTensors& tensors, const TensorInfo& info,
                    const std::function<void(const TensorPiece& piece)>& visit);

/// Numbers of any type as double: int64_t and uint64_t beyond 2^53 are rounded, all others are exact.
void to_doubles(TensorType type, std::span<const std::byte> bytes, std::span<double> out);

/// Told how many bytes of numbers were read since the last call: for progress bars.
using BytesRead = std::function<void(int64_t bytes)>;

}  // namespace weft
