// Pieces: an array moves between memory and file in pieces of about 1 MiB, each with its CRC-32C.
#pragma once
#include <weft/io/hdf5.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace weft {

/// Rows of bytes that may lie apart.
struct ByteRows {
  std::byte* data = nullptr;
  int64_t rows = 0;
  int64_t row_bytes = 0;
  int64_t stride_bytes = 0;

  bool contiguous() const { return stride_bytes == row_bytes || rows <= 1; }
  std::byte* row(int64_t i) const { return data + i * stride_bytes; }
};

/// Check sums of an array: one for every `rows` rows, the last for what is left. None: the array has no check sums.
struct PieceSums {
  int64_t rows = 0;
  std::vector<int64_t> crc32c;
};

/// Rows of a piece of about 1 MiB; a multiple of `blocks`, if that isn't 0.
int64_t rows_of_piece(int64_t row_bytes, int64_t blocks = 0);

/// Writes all rows of the array and gives their check sums. Several threads pack while one writes. Throws IoError.
PieceSums write_pieces(Hdf5Array& array, const ByteRows& from);
/// The same of rows that `fill` gives, a piece after the other.
PieceSums write_pieces(Hdf5Array& array,
                       const std::function<void(int64_t first, int64_t count, std::span<std::byte> out)>& fill);
/// Reads rows [first, first + to.rows) of the array and checks every piece it touches. Throws DataError naming the
/// file's array and rows; then `to` holds anything.
void read_pieces(const Hdf5Array& array, const PieceSums& sums, int64_t first, const ByteRows& to);

}  // namespace weft
