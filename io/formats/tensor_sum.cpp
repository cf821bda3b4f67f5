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
      fmt::format("[with_sums] {}: '{}' can't be added up: expected float32 of one shape.", tensors.where(), name));
}

}  // namespace

NamedTensors with_sums(const NamedTensors& tensors, const NamedTensors& others,
                       const std::map<std::string, std::vector<std::string>>& added) {
  if (added.empty()) return tensors;
  for (const auto& [name, addends] : added) {
    for (const std::string& addend : addends) check_addend(others, addend, tensors.find(name));
  }
  return tensors.with_numbers(tensors.tensors(), [=](size_t i, int64_t first, int64_t count, std::span<std::byte> out) {
    const std::string& name = tensors.tensors()[i].name;
    tensors.read_bytes(name, first, count, out);
    const auto found = added.find(name);
    if (found == added.end()) return;
    std::vector<float> numbers(out.size() / sizeof(float)), more(numbers.size());
    std::memcpy(numbers.data(), out.data(), out.size());
    for (const std::string& addend : found->second) {
      others.read_bytes(addend, first, count, std::as_writable_bytes(std::span(more)));
      for (size_t k = 0; k < numbers.size(); ++k) numbers[k] += more[k];
    }
    std::memcpy(out.data(), numbers.data(), out.size());
  });
}

TEST_CASE("tensor sum: rows are added, other tensors stay, what does not fit is refused") {
  const NamedTensors tensors({.where = "memory",
                              .format = "test",
                              .tensors = {{"a", TensorType::float32, {3, 1}},
                                          {"b", TensorType::float32, {3, 1}},
                                          {"c", TensorType::float32, {3}},
                                          {"d", TensorType::float32, {3}}},
                              .read_rows = [](size_t i, int64_t first, int64_t count, std::span<std::byte> out) {
                                for (int64_t row = 0; row < count; ++row) {
                                  const auto number = static_cast<float>(10 * i + static_cast<size_t>(first + row));
                                  std::memcpy(out.data() + row * 4, &number, 4);
                                }
                              }});
  const NamedTensors sum = with_sums(tensors, tensors, {{"a", {"b", "b"}}, {"c", {"d"}}});
  CHECK(sum.read_floats("a") == std::vector<float>{20, 23, 26});
  CHECK(sum.read_floats("c") == std::vector<float>{50, 52, 54});
  CHECK(sum.read_floats("b") == std::vector<float>{10, 11, 12});
  CHECK_THROWS_AS(with_sums(tensors, tensors, {{"a", {"c"}}}), DataError);
  CHECK_THROWS_AS(with_sums(tensors, tensors, {{"a", {"e"}}}), DataError);
  CHECK_THROWS_AS(with_sums(tensors, tensors, {{"e", {"a"}}}), DataError);
}

}  // namespace weft
