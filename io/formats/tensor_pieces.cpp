// Walking over a tensor of any size, a piece of it in memory at a time.
#include <doctest/doctest.h>
#include <weft/core/error.h>
#include <weft/io/formats/number_conversion.h>
#include <weft/io/formats/tensor_pieces.h>

#include <algorithm>
#include <cstring>
#include <vector>

namespace weft {
namespace {

constexpr size_t kPieceBytes = size_t{1} << 20;

}  // namespace

void for_each_piece(const NamedTensors& tensors, const TensorInfo& info,
                    const std::function<void(const TensorPiece& piece)>& visit) {
  if (info.size() == 0) return;  // there may be 2^59 rows of nothing
  const size_t row_bytes = static_cast<size_t>(info.width()) * size_of(info.type);
  if (row_bytes == 0) return;
  const auto at_once = static_cast<int64_t>(std::max<size_t>(1, kPieceBytes / row_bytes));
  std::vector<std::byte> bytes;
  for (int64_t first = 0; first < info.rows(); first += at_once) {
    const int64_t rows = std::min(at_once, info.rows() - first);
    bytes.resize(static_cast<size_t>(rows) * row_bytes);
    tensors.read_bytes(info.name, first, rows, bytes);
    visit({.first = first, .rows = rows, .bytes = bytes});
  }
}

void to_doubles(TensorType type, std::span<const std::byte> bytes, std::span<double> out) {
  if (type == TensorType::float64) {
    std::memcpy(out.data(), bytes.data(), bytes.size());
  } else if (type == TensorType::uint64) {
    for (size_t i = 0; i < out.size(); ++i) {
      uint64_t number;
      std::memcpy(&number, bytes.data() + i * sizeof(number), sizeof(number));
      out[i] = static_cast<double>(number);
    }
  } else if (is_integer(type)) {
    std::vector<int64_t> integers(out.size());
    to_integers(type, bytes, integers);
    std::ranges::copy(integers, out.begin());
  } else {
    std::vector<float> floats(out.size());
    to_floats(type, bytes, floats);
    std::ranges::copy(floats, out.begin());
  }
}

TEST_CASE("tensor pieces: every row once and in order, numbers of any type as double") {
  constexpr int64_t kRows = 700, kWidth = 1000;  // 5.6 MB of int64_t
  const NamedTensors tensors({.where = "memory",
                              .format = "test",
                              .tensors = {{"a", TensorType::int64, {kRows, kWidth}},
                                          {"none", TensorType::int64, {0}},
                                          {"thin", TensorType::int64, {int64_t{1} << 40, 0}}},
                              .read_rows = [](size_t, int64_t first, int64_t count, std::span<std::byte> out) {
                                for (int64_t i = 0; i < count * kWidth; ++i) {
                                  const int64_t number = first * kWidth + i;
                                  std::memcpy(out.data() + i * 8, &number, 8);
                                }
                              }});
  std::vector<double> all;
  int pieces = 0;
  for_each_piece(tensors, *tensors.find("a"), [&](const TensorPiece& piece) {
    CHECK(piece.first * kWidth == static_cast<int64_t>(all.size()));
    std::vector<double> numbers(static_cast<size_t>(piece.rows * kWidth));
    to_doubles(TensorType::int64, piece.bytes, numbers);
    all.insert(all.end(), numbers.begin(), numbers.end());
    ++pieces;
  });
  CHECK(pieces == 6);
  CHECK(all.size() == kRows * kWidth);
  CHECK(all.back() == kRows * kWidth - 1.0);
  for_each_piece(tensors, *tensors.find("none"), [&](const TensorPiece&) { ++pieces; });
  for_each_piece(tensors, *tensors.find("thin"), [&](const TensorPiece&) { ++pieces; });
  CHECK(pieces == 6);

  // Rows without numbers are none, however many a file says there are.
  const NamedTensors hollow({.where = "memory",
                             .format = "test",
                             .tensors = {{"hollow", TensorType::int64, {int64_t{1} << 59, 0}}},
                             .read_rows = {}});
  CHECK_NOTHROW(for_each_piece(hollow, hollow.tensors()[0], [](const TensorPiece&) { throw DataError("visited"); }));

  const uint64_t most = ~uint64_t{0};
  const double half = 0.5;
  double out = 0;
  to_doubles(TensorType::uint64, std::as_bytes(std::span(&most, 1)), {&out, 1});
  CHECK(out == 0x1p64);
  to_doubles(TensorType::float64, std::as_bytes(std::span(&half, 1)), {&out, 1});
  CHECK(out == 0.5);
}

}  // namespace weft
