// Transposed matrices: a stripe of the file's columns is kept, which is a block of rows.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <weft/core/error.h>
#include <weft/io/formats/tensor_pieces.h>
#include <weft/io/formats/transposed_tensors.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <mutex>

namespace weft {
namespace {

/// Rows [first, first + count) of one transposed matrix at a time.
class Stripe {
 public:
  Stripe(NamedTensors tensors, int64_t memory) : tensors_(std::move(tensors)), memory_(memory) {}

  void read(const TensorInfo& matrix, int64_t first, int64_t count, std::span<std::byte> out) {
    const std::lock_guard lock(mutex_);
    const size_t row = static_cast<size_t>(matrix.rows()) * size_of(matrix.type);
    for (int64_t at = first; at < first + count;) {
      if (name_ != matrix.name || at < first_ || at >= first_ + count_) fill(matrix, at);
      const int64_t rows = std::min(first + count, first_ + count_) - at;
      std::memcpy(out.data() + static_cast<size_t>(at - first) * row,
                  bytes_.data() + static_cast<size_t>(at - first_) * row, static_cast<size_t>(rows) * row);
      at += rows;
    }
    if (first + count == matrix.width()) release();
  }

 private:
  // The next matrix needs the memory.
  void release() {
    bytes_ = std::vector<std::byte>();  // {} would keep it
    count_ = 0;
  }

  void fill(const TensorInfo& matrix, int64_t first) {
    const size_t number = size_of(matrix.type);
    const auto rows = static_cast<size_t>(matrix.rows()), width = static_cast<size_t>(matrix.width());
    release();
    const int64_t fit = std::max<int64_t>(1, memory_ / static_cast<int64_t>(rows * number));
    const int64_t columns = std::min(fit, matrix.width() - first);
    bytes_.resize(static_cast<size_t>(columns) * rows * number);
    for_each_piece(tensors_, matrix, [&](const TensorPiece& piece) {
      const auto begin = static_cast<size_t>(piece.first);
      for (size_t c = 0; c < static_cast<size_t>(columns); ++c) {
        std::byte* to = bytes_.data() + (c * rows + begin) * number;
        const std::byte* from = piece.bytes.data() + (static_cast<size_t>(first) + c) * number;
        for (size_t r = 0; r < static_cast<size_t>(piece.rows); ++r) {
          std::memcpy(to + r * number, from + r * width * number, number);
        }
      }
    });
    name_ = matrix.name;
    first_ = first;
    count_ = columns;
  }

  NamedTensors tensors_;
  int64_t memory_;
  std::mutex mutex_;
  std::string name_;
  int64_t first_ = 0, count_ = 0;
  std::vector<std::byte> bytes_;
};

}  // namespace

NamedTensors transposed(const NamedTensors& tensors, const std::set<std::string>& names, int64_t memory) {
  if (names.empty()) return tensors;
  std::vector<TensorInfo> infos = tensors.tensors();
  for (const std::string& name : names) {
    const TensorInfo* info = tensors.find(name);
    if (info == nullptr || info->shape.size() != 2 || size_of(info->type) == 0) {
      throw DataError(
          fmt::format("[{}] no matrix: '{}' {}, expected two axes.", tensors.where(), name,
                      info == nullptr ? "is not there" : fmt::format("has shape [{}]", fmt::join(info->shape, ", "))));
    }
    auto& shape = infos[static_cast<size_t>(info - tensors.tensors().data())].shape;
    std::swap(shape[0], shape[1]);
  }
  const auto stripe = std::make_shared<Stripe>(tensors, memory);
  return tensors.with_numbers(std::move(infos), [=](size_t i, int64_t first, int64_t count, std::span<std::byte> out) {
    const TensorInfo& info = tensors.tensors()[i];
    if (!names.contains(info.name)) return tensors.read_bytes(info.name, first, count, out);
    stripe->read(info, first, count, out);
  });
}

namespace {

/// Two matrices [rows, width] that count up as uint16, from 0 and from 100, and how many of their bytes were read.
struct Matrices {
  std::shared_ptr<int64_t> read = std::make_shared<int64_t>(0);
  NamedTensors tensors;
  explicit Matrices(int64_t rows, int64_t width)
      : tensors({.where = "memory",
                 .format = "test",
                 .tensors = {{"a", TensorType::uint16, {rows, width}},
                             {"b", TensorType::uint16, {rows, width}},
                             {"c", TensorType::uint16, {rows}}},
                 .read_rows = [=, bytes = read](size_t i, int64_t first, int64_t, std::span<std::byte> out) {
                   *bytes += static_cast<int64_t>(out.size());
                   for (size_t k = 0; k < out.size() / 2; ++k) {
                     const auto number = static_cast<uint16_t>(static_cast<size_t>(first * width) + k + 100 * i);
                     std::memcpy(out.data() + 2 * k, &number, 2);
                   }
                 }}) {}
};

std::vector<float> rows_of(const NamedTensors& tensors, const std::string& name, int64_t first, int64_t count) {
  const int64_t width = tensors.find(name)->width();
  std::vector<float> out(static_cast<size_t>(count * width));
  tensors.read(name, first, {.data = out.data(), .rows = count, .width = width, .stride = width});
  return out;
}

}  // namespace

TEST_CASE("transposed tensors: whole, by rows, several at once; others stay") {
  const Matrices made(3, 2);
  const NamedTensors turned = transposed(made.tensors, {"a", "b"});
  CHECK(turned.find("a")->shape == std::vector<int64_t>{2, 3});
  CHECK(turned.read_floats("a") == std::vector<float>{0, 2, 4, 1, 3, 5});
  CHECK(rows_of(turned, "b", 1, 1) == std::vector<float>{101, 103, 105});
  CHECK(rows_of(turned, "a", 0, 1) == std::vector<float>{0, 2, 4});
  CHECK(turned.read_floats("c").size() == 3);
  CHECK_THROWS_AS(transposed(made.tensors, {"c"}), DataError);
  CHECK_THROWS_AS(transposed(made.tensors, {"d"}), DataError);
  CHECK(transposed(Matrices(0, 2).tensors, {"a"}).read_floats("a").empty());
}

TEST_CASE("transposed tensors: a pass over the file for each stripe, not for each row") {
  const Matrices made(50, 40);  // 4000 bytes, stripes of 10 columns
  const NamedTensors turned = transposed(made.tensors, {"a"}, 1000);
  std::vector<float> all;
  for (int64_t row = 0; row < 40; row += 3) {
    const std::vector<float> some = rows_of(turned, "a", row, std::min<int64_t>(3, 40 - row));
    all.insert(all.end(), some.begin(), some.end());
  }
  CHECK(*made.read == 4 * 4000);
  CHECK(all == transposed(made.tensors, {"a"}).read_floats("a"));
  CHECK(all[1] == 40);
}

}  // namespace weft
