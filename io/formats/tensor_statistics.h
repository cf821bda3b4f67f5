// What the numbers of a tensor are like.
#pragma once
#include <weft/io/formats/tensor_pieces.h>

#include <cstdint>
#include <string_view>

namespace weft {

/// Least, largest, mean and standard deviation (of the numbers, not of a sample) are those of the finite numbers; all 0
/// if there are none.
struct TensorStatistics {
  int64_t count = 0;  ///< numbers in all
  int64_t zeros = 0;
  int64_t nans = 0;
  int64_t infinities = 0;
  double min = 0;
  double max = 0;
  double mean = 0;
  double stddev = 0;
  uint32_t crc32c = 0;  ///< CRC-32C of the numbers' bytes as little-endian, in row order: the same in any format
};

/// Reads a tensor of numbers once, a piece at a time. Throws DataError: missing, no numbers, damaged.
TensorStatistics tensor_statistics(const NamedTensors& tensors, std::string_view name, const BytesRead& progress = {});

}  // namespace weft
