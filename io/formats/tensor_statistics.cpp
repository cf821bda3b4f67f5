// What the numbers of a tensor are like: one pass, moments as Welford (1962) updates them.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/io/crc32c.h>
#include <weft/io/formats/tensor_statistics.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

namespace weft {
namespace {

struct Moments {
  int64_t finite = 0;
  double mean = 0;
  double squares = 0;  // summed, of the distances to the mean

  void add(double number) {
    ++finite;
    const double distance = number - mean;
    mean += distance / static_cast<double>(finite);
    squares += distance * (number - mean);
  }
};

void add(TensorStatistics& statistics, Moments& moments, std::span<const double> numbers) {
  for (const double number : numbers) {
    statistics.zeros += number == 0;
    if (std::isnan(number)) {
      ++statistics.nans;
    } else if (std::isinf(number)) {
      ++statistics.infinities;
    } else {
      statistics.min = moments.finite == 0 ? number : std::min(statistics.min, number);
      statistics.max = moments.finite == 0 ? number : std::max(statistics.max, number);
      moments.add(number);
    }
  }
}

}  // namespace

TensorStatistics tensor_statistics(const NamedTensors& tensors, std::string_view name, const BytesRead& progress) {
  const TensorInfo* info = tensors.find(name);
  if (info == nullptr) throw DataError(fmt::format("[tensor_statistics] {}: no tensor '{}'.", tensors.where(), name));
  TensorStatistics statistics{.count = info->size()};
  Moments moments;
  std::vector<double> numbers;
  for_each_piece(tensors, *info, [&](const TensorPiece& piece) {
    numbers.resize(static_cast<size_t>(piece.rows * info->width()));
    to_doubles(info->type, piece.bytes, numbers);
    add(statistics, moments, numbers);
    const std::string_view bytes(reinterpret_cast<const char*>(piece.bytes.data()), piece.bytes.size());
    statistics.crc32c = extend_crc32c(statistics.crc32c, bytes);
    if (progress) progress(static_cast<int64_t>(piece.bytes.size()));
  });
  statistics.mean = moments.mean;
  statistics.stddev = moments.finite == 0 ? 0 : std::sqrt(moments.squares / static_cast<double>(moments.finite));
  return statistics;
}

TEST_CASE("tensor statistics: by hand, with NaN, infinity and zeros") {
  static const std::vector<float> numbers = {1, 2, 0, 5, std::nanf(""), std::numeric_limits<float>::infinity()};
  const NamedTensors tensors({.where = "memory",
                              .format = "test",
                              .tensors = {{"a", TensorType::float32, {3, 2}}, {"none", TensorType::float32, {0, 2}}},
                              .read_rows = [](size_t, int64_t first, int64_t, std::span<std::byte> out) {
                                std::memcpy(out.data(), numbers.data() + first * 2, out.size());
                              }});
  int64_t read = 0;
  const TensorStatistics statistics = tensor_statistics(tensors, "a", [&](int64_t bytes) { read += bytes; });
  CHECK(statistics.count == 6);
  CHECK(statistics.zeros == 1);
  CHECK(statistics.nans == 1);
  CHECK(statistics.infinities == 1);
  CHECK(statistics.min == 0);
  CHECK(statistics.max == 5);
  CHECK(statistics.mean == doctest::Approx(2));
  CHECK(statistics.stddev == doctest::Approx(std::sqrt(3.5)));
  CHECK(statistics.crc32c == crc32c({reinterpret_cast<const char*>(numbers.data()), 24}));
  CHECK(read == 24);
  CHECK(tensor_statistics(tensors, "none").count == 0);
  CHECK(tensor_statistics(tensors, "none").crc32c == 0);
  CHECK_THROWS_AS(tensor_statistics(tensors, "b"), DataError);
}

}  // namespace weft
