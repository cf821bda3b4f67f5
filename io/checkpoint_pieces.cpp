// Pieces: packed, summed and copied by several threads; the transfers themselves are ordered by HDF5's lock.
#include <fmt/format.h>
#include <weft/core/buffer.h>
#include <weft/core/error.h>
#include <weft/core/parallel.h>
#include <weft/io/checkpoint_pieces.h>
#include <weft/io/crc32c.h>
#include <weft/io/direct_writer.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <string_view>

namespace weft {
namespace {

constexpr int64_t kPieceBytes = int64_t{1} << 20;  // stays in the cache between the transfer, the sum and the copy

int64_t sum_of(const std::byte* bytes, int64_t count) {
  return crc32c(std::string_view(reinterpret_cast<const char*>(bytes), static_cast<size_t>(count)));
}

void copy_rows(std::byte* to, int64_t to_stride, const std::byte* from, int64_t from_stride, int64_t rows,
               int64_t row_bytes) {
  for (int64_t i = 0; i < rows; ++i) {
    std::memcpy(to + i * to_stride, from + i * from_stride, static_cast<size_t>(row_bytes));
  }
}

Buffer room(int64_t bytes) {
  return Buffer(static_cast<size_t>(bytes));
}

/// Memory for `bytes` at the border of a disk's block.
class BlockRoom {
 public:
  explicit BlockRoom(int64_t bytes) : buffer_(room(bytes + DirectWriter::kBlock)) {}
  std::byte* data() const {
    const auto block = static_cast<uintptr_t>(DirectWriter::kBlock);
    const uintptr_t past = reinterpret_cast<uintptr_t>(buffer_.data()) % block;
    return buffer_.as<std::byte>() + (past == 0 ? 0 : block - past);
  }

 private:
  Buffer buffer_;
};

/// One piece of an array, [begin, end), of which [first, last) is asked for.
void read_piece(const Hdf5Array& array, int64_t begin, int64_t end, int64_t first, int64_t last, const int64_t* sum,
                std::byte* to, const ByteRows& rows) {
  const bool direct = rows.contiguous() && begin == first && end == last;
  const Buffer staging = direct ? Buffer() : room((end - begin) * rows.row_bytes);
  std::byte* bytes = direct ? to : staging.as<std::byte>();
  array.read(begin, end - begin, bytes);
  if (sum != nullptr && sum_of(bytes, (end - begin) * rows.row_bytes) != *sum) {
    throw DataError(fmt::format("{}: the check sum of rows {} to {} is wrong: the file is damaged", array.info().name,
                                begin, end - 1));
  }
  if (!direct) {
    copy_rows(to, rows.stride_bytes, bytes + (first - begin) * rows.row_bytes, rows.row_bytes, last - first,
              rows.row_bytes);
  }
}

}  // namespace

int64_t rows_of_piece(int64_t row_bytes, int64_t blocks) {
  const int64_t rows = std::max<int64_t>(1, kPieceBytes / std::max<int64_t>(row_bytes, 1));
  return blocks == 0 ? rows : std::max<int64_t>(blocks, rows / blocks * blocks);
}

PieceSums write_pieces(Hdf5Array& array,
                       const std::function<void(int64_t first, int64_t count, std::span<std::byte> out)>& fill) {
  const int64_t rows = array.info().rows();
  const int64_t row_bytes = array.info().width() * static_cast<int64_t>(size_of(array.info().type));
  PieceSums sums{rows_of_piece(row_bytes, array.rows_of_blocks()), {}};
  if (rows == 0 || row_bytes == 0) return sums;
  const BlockRoom bytes(std::min(sums.rows, rows) * row_bytes);
  for (int64_t first = 0; first < rows; first += sums.rows) {
    const int64_t count = std::min(sums.rows, rows - first);
    fill(first, count, {bytes.data(), static_cast<size_t>(count * row_bytes)});
    sums.crc32c.push_back(sum_of(bytes.data(), count * row_bytes));
    array.write(first, count, bytes.data());
  }
  return sums;
}

PieceSums write_pieces(Hdf5Array& array, const ByteRows& from) {
  const int64_t blocks = array.rows_of_blocks();
  PieceSums sums{rows_of_piece(from.row_bytes, blocks), {}};
  if (from.rows == 0 || from.row_bytes == 0) return sums;
  sums.crc32c.resize(static_cast<size_t>((from.rows + sums.rows - 1) / sums.rows));
  parallel_for(from.rows, sums.rows, [&](int64_t begin, int64_t end) {
    const int64_t bytes = (end - begin) * from.row_bytes;
    const std::byte* packed = from.row(begin);
    std::optional<BlockRoom> staging;
    if (!from.contiguous() || blocks != 0) {
      staging.emplace(bytes);
      copy_rows(staging->data(), from.row_bytes, packed, from.stride_bytes, end - begin, from.row_bytes);
      packed = staging->data();
    }
    sums.crc32c[static_cast<size_t>(begin / sums.rows)] = sum_of(packed, bytes);
    array.write(begin, end - begin, packed);
  });
  return sums;
}

void read_pieces(const Hdf5Array& array, const PieceSums& sums, int64_t first, const ByteRows& to) {
  if (to.rows == 0 || to.row_bytes == 0) return;
  const int64_t total = array.info().rows(), last = first + to.rows;
  const bool checked = !sums.crc32c.empty();
  const int64_t piece_rows = checked ? sums.rows : std::max<int64_t>(1, kPieceBytes / to.row_bytes);
  const int64_t first_piece = first / piece_rows, last_piece = (last - 1) / piece_rows;
  parallel_blocks(last_piece - first_piece + 1, [&](int64_t block) {
    const int64_t piece = first_piece + block;
    const int64_t begin = piece * piece_rows, end = begin + std::min(piece_rows, total - begin);
    const int64_t from = std::max(begin, first), until = std::min(end, last);
    const int64_t* sum = checked ? &sums.crc32c[static_cast<size_t>(piece)] : nullptr;
    read_piece(array, checked ? begin : from, checked ? end : until, from, until, sum, to.row(from - first), to);
  });
}

}  // namespace weft
