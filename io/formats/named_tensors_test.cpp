// NamedTensors: what is read, and what is refused before a format's function is called.
#include <doctest/doctest.h>
#include <weft/core/error.h>
#include <weft/io/formats/named_tensors.h>

#include <algorithm>
#include <cstring>

namespace weft {
namespace {

NamedTensors two_tensors() {
  static const std::vector<float> kernel = {1, 2, 3, 4, 5, 6};
  static const std::vector<int32_t> step = {7};
  return NamedTensors(NamedTensors::Source{
      .where = "memory",
      .format = "test",
      .tensors = {{"step", TensorType::int32, {}}, {"kernel", TensorType::float32, {3, 2}}},
      .read_rows = [](size_t tensor, int64_t first, int64_t, std::span<std::byte> out) {
        const auto* from = tensor == 0 ? reinterpret_cast<const std::byte*>(step.data())
                                       : reinterpret_cast<const std::byte*>(kernel.data() + first * 2);
        std::memcpy(out.data(), from, out.size());
      }});
}

}  // namespace

TEST_CASE("named tensors: listed in name order, read whole, by rows and as integers") {
  const NamedTensors tensors = two_tensors();
  REQUIRE(tensors.tensors().size() == 2);
  CHECK(tensors.tensors()[0].name == "kernel");
  CHECK(tensors.read_integers("step") == std::vector<int64_t>{7});
  CHECK(tensors.read_floats("step") == std::vector<float>{7});
  float rows[6] = {};
  tensors.read("kernel", 1, {.data = rows, .rows = 2, .width = 2, .stride = 3});
  CHECK(std::vector<float>(rows, rows + 6) == std::vector<float>{3, 4, 0, 5, 6, 0});
}

TEST_CASE("named tensors: a vector is rows of one number, or one row") {
  const NamedTensors tensors({.where = "memory",
                              .format = "test",
                              .tensors = {{"bias", TensorType::uint8, {3}}},
                              .read_rows = [](size_t, int64_t first, int64_t, std::span<std::byte> out) {
                                for (auto& byte : out) byte = static_cast<std::byte>(first++);
                              }});
  float numbers[3] = {};
  tensors.read("bias", 0, {.data = numbers, .rows = 1, .width = 3, .stride = 3});
  CHECK(numbers[2] == 2);
  tensors.read("bias", 1, {.data = numbers, .rows = 2, .width = 1, .stride = 1});
  CHECK(numbers[0] == 1);
  CHECK_THROWS_AS(tensors.read("bias", 1, {.data = numbers, .rows = 1, .width = 3, .stride = 3}), DataError);
  CHECK_THROWS_AS(tensors.read("bias", 0, {.data = numbers, .rows = 1, .width = 2, .stride = 2}), DataError);
}

TEST_CASE("named tensors: what is not there is an error that says so") {
  const NamedTensors tensors = two_tensors();
  float row[2];
  const RowsView view{.data = row, .rows = 1, .width = 2, .stride = 2};
  CHECK_THROWS_WITH_AS(tensors.read("dnn/kernel", 0, view),
                       "[memory] no such tensor: got 'dnn/kernel', expected one of 2 names, as kernel.", DataError);
  CHECK_THROWS_AS(tensors.read("kernel", 3, view), DataError);
  CHECK_THROWS_AS(tensors.read("kernel", -1, view), DataError);
  CHECK_THROWS_AS(tensors.read("step", 0, view), DataError);
  CHECK_THROWS_AS(tensors.read_integers("kernel"), DataError);
  CHECK_THROWS_AS(tensors.read_strings("kernel"), DataError);
  const auto make = [](std::vector<TensorInfo> list) {
    return NamedTensors({.where = "m", .format = "f", .tensors = std::move(list), .read_rows = {}});
  };
  CHECK_THROWS_AS(make({{"a", TensorType::float32, {1}}, {"a", TensorType::float32, {2}}}), DataError);
  CHECK_THROWS_AS(make({{"a", TensorType::float32, {int64_t{1} << 31, int64_t{1} << 31}}}), DataError);
  CHECK_THROWS_AS(make({{"a", TensorType::float32, {-1}}}), DataError);
}

TEST_CASE("named tensors: other names and other numbers over the same source") {
  const NamedTensors renamed =
      two_tensors().renamed([](const std::string& name) { return name == "step" ? "" : "net." + name; });
  REQUIRE(renamed.tensors().size() == 1);
  CHECK(renamed.read_floats("net.kernel") == std::vector<float>{1, 2, 3, 4, 5, 6});
  std::vector<TensorInfo> infos = two_tensors().tensors();
  infos[0].shape = {1, 2};
  const NamedTensors other = two_tensors().with_numbers(
      infos,
      [](size_t i, int64_t, int64_t, std::span<std::byte> out) { std::ranges::fill(out, static_cast<std::byte>(i)); });
  CHECK(other.read_floats("kernel") == std::vector<float>{0, 0});
  CHECK(other.read_integers("step") == std::vector<int64_t>{0x01010101});
  CHECK(!other.check_other("step"));
}

}  // namespace weft
