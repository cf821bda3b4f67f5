// Sums made row by row.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/io/formats/tensor_sum.h>

#include <cstring>

namespace weft {
namespace {

void check_addend(const NamedTensors& tensors, const std::string& name, const TensorInfo* sum) {
  const TensorInfo* info = tensors.find(name);
  if (sum != nullptr && info != nullptr && info->type == TensorType::float32 && sum->type == TensorType::float32 &&
      info->shape == sum->shape) {
    return;
  }
  throw DataError(
      fmt::format("[with_sum] {}: '{}' can't be added up: expected float32 of one shape.", tensors.where(), name));
}

}  // namespace

NamedTensors with_sum(const NamedTensors& tensors, const std::string& name, const NamedTensors& others,
                      const std::vector<std::string>& added) {
  const TensorInfo* sum = tensors.find(name);
  for (const std::string& other : added) check_addend(others, other, sum);
  NamedTensors::Source source{.where = tensors.where(),
                              .format = tensors.format(),
                              .tensors = tensors.tensors(),
                              .read_rows = {},
                              .read_strings = {}};
  source.read_strings = [tensors](size_t i) { return tensors.read_strings(tensors.tensors()[i].name); };
  source.read_rows = [=](size_t i, int64_t first, int64_t count, std::span<std::byte> out) {
    const std::string& read = tensors.tensors()[i].name;
    tensors.read_bytes(read, first, count, out);
    if (read != name) return;
    std::vector<float> numbers(out.size() / sizeof(float)), more(numbers.size());
    std::memcpy(numbers.data(), out.data(), out.size());
    for (const std::string& other : added) {
      others.read_bytes(other, first, count, std::as_writable_bytes(std::span(more)));
      for (size_t k = 0; k < numbers.size(); ++k) numbers[k] += more[k];
    }
    std::memcpy(out.data(), numbers.data(), out.size());
  };
  return NamedTensors(std::move(source));
}

TEST_CASE("tensor sum: rows are added, other tensors stay, what does not fit is refused") {
  const NamedTensors tensors({.where = "memory",
                              .format = "test",
                              .tensors = {{"a", TensorType::float32, {3, 1}},
                                          {"b", TensorType::float32, {3, 1}},
                                          {"c", TensorType::float32, {3}}},
                              .read_rows = [](size_t i, int64_t first, int64_t count, std::span<std::byte> out) {
                                for (int64_t row = 0; row < count; ++row) {
                                  const auto number = static_cast<float>(10 * i + static_cast<size_t>(first + row));
                                  std::memcpy(out.data() + row * 4, &number, 4);
                                }
                              }});
  const NamedTensors sum = with_sum(tensors, "a", tensors, {"b", "b"});
  CHECK(sum.read_floats("a") == std::vector<float>{20, 23, 26});
  CHECK(sum.read_floats("b") == std::vector<float>{10, 11, 12});
  CHECK_THROWS_AS(with_sum(tensors, "a", tensors, {"c"}), DataError);
  CHECK_THROWS_AS(with_sum(tensors, "a", tensors, {"d"}), DataError);
  CHECK_THROWS_AS(with_sum(tensors, "d", tensors, {"a"}), DataError);
}

}  // namespace weft
