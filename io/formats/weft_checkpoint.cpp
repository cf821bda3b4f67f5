// weft's own checkpoints as named tensors.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/core/test_directory.h>
#include <weft/io/checkpoint.h>
#include <weft/io/formats/number_conversion.h>
#include <weft/io/formats/weft_checkpoint.h>

#include <cstring>
#include <memory>
#include <vector>

namespace weft {
namespace {

TensorType tensor_type(ArrayType type) {
  switch (type) {
    case ArrayType::float32:
      return TensorType::float32;
    case ArrayType::float64:
      return TensorType::float64;
    case ArrayType::bfloat16:
      return TensorType::bfloat16;
    case ArrayType::int32:
      return TensorType::int32;
    case ArrayType::int64:
      return TensorType::int64;
    case ArrayType::uint8:
      return TensorType::uint8;
  }
  return TensorType::other;
}

template <class T>
std::span<T> as_numbers(std::span<std::byte> bytes) {
  return {reinterpret_cast<T*>(bytes.data()), bytes.size() / sizeof(T)};
}

void write_tensor(CheckpointWriter& writer, const NamedTensors& tensors, const TensorInfo& info) {
  if (!is_float(info.type) && !is_integer(info.type)) {
    throw DataError(
        fmt::format("[write_weft_checkpoint] {}: '{}' is of type {}: a checkpoint holds numbers. Leave the "
                    "tensor out.",
                    tensors.where(), info.name, to_string(info.type)));
  }
  const ArrayType type = is_float(info.type) ? ArrayType::float32 : ArrayType::int64;
  const auto row_bytes = static_cast<size_t>(info.width()) * size_of(info.type);
  std::vector<std::byte> bytes;
  writer.write({info.name, type, info.shape}, [&](int64_t first, int64_t count, std::span<std::byte> out) {
    bytes.resize(static_cast<size_t>(count) * row_bytes);
    tensors.read_bytes(info.name, first, count, bytes);
    if (type == ArrayType::float32) {
      to_floats(info.type, bytes, as_numbers<float>(out));
    } else if (!to_integers(info.type, bytes, as_numbers<int64_t>(out))) {
      throw DataError(fmt::format("[write_weft_checkpoint] {}: '{}' holds numbers of 2^63 and more, expected int64.",
                                  tensors.where(), info.name));
    }
  });
}

}  // namespace

NamedTensors open_weft_checkpoint(const std::string& path) {
  const auto reader = std::make_shared<const CheckpointReader>(path);
  std::vector<TensorInfo> tensors;
  for (const ArrayInfo& info : reader->arrays()) {
    tensors.push_back({.name = info.name, .type = tensor_type(info.type), .shape = info.shape});
  }
  for (const CheckpointReader::Other& other : reader->others()) {
    tensors.push_back({.name = other.name, .type = TensorType::other, .shape = other.shape});
  }
  return NamedTensors(
      NamedTensors::Source{.where = path,
                           .format = reader->own() ? "weft checkpoint" : "HDF5",
                           .tensors = std::move(tensors),
                           .read_rows = [reader](size_t i, int64_t first, int64_t count, std::span<std::byte> out) {
                             reader->read_bytes(reader->arrays()[i].name, first, count, out);
                           }});
}

void write_weft_checkpoint(const std::string& path, const NamedTensors& tensors,
                           const CheckpointWriterOptions& options) {
  CheckpointWriter writer(path, options);
  for (const TensorInfo& info : tensors.tensors()) write_tensor(writer, tensors, info);
  writer.close();
}

TEST_CASE("weft checkpoint: what is written is read back, by rows too") {
  const TestFile test, copy;
  const std::vector<int64_t> step = {7};
  std::vector<float> table(100000 * 8);  // several pieces
  for (size_t i = 0; i < table.size(); ++i) table[i] = static_cast<float>(i);
  CheckpointWriter writer(test.path);
  writer.write("dnn/table", Shape{100000, 8}, {table.data(), 100000, 8, 8});
  writer.write("dnn/none", Shape{0, 8}, {nullptr, 0, 8, 8});
  writer.write("global_step", step, true);
  writer.write("beta1_power", 0.5f);
  writer.close();
  write_weft_checkpoint(copy.path, open_weft_checkpoint(test.path));
  const NamedTensors tensors = open_weft_checkpoint(copy.path);
  CHECK(tensors.format() == "weft checkpoint");
  CHECK(tensors.tensors().size() == 4);
  CHECK(tensors.read_floats("dnn/table") == table);
  CHECK(tensors.read_integers("global_step") == step);
  CHECK(tensors.find("beta1_power")->shape.empty());
  float row[8];
  tensors.read("dnn/table", 99999, {row, 1, 8, 8});
  CHECK(row[7] == 799999.0f);
}

TEST_CASE("weft checkpoint: other numbers are widened, strings and too large integers refused") {
  const TestFile test;
  const auto of_type = [](TensorType type, uint64_t bits) {
    return NamedTensors({.where = "memory",
                         .format = "test",
                         .tensors = {{"a", type, {1}}},
                         .read_rows = [bits](size_t, int64_t, int64_t, std::span<std::byte> out) {
                           std::memcpy(out.data(), &bits, out.size());
                         }});
  };
  write_weft_checkpoint(test.path, of_type(TensorType::bfloat16, 0x4040));
  CHECK(open_weft_checkpoint(test.path).read_floats("a") == std::vector<float>{3});
  write_weft_checkpoint(test.path, of_type(TensorType::uint8, 200));
  CHECK(open_weft_checkpoint(test.path).read_integers("a") == std::vector<int64_t>{200});
  CHECK_THROWS_AS(write_weft_checkpoint(test.path, of_type(TensorType::string, 0)), DataError);
  CHECK_THROWS_AS(write_weft_checkpoint(test.path, of_type(TensorType::uint64, ~uint64_t{0})), DataError);
  CHECK(open_weft_checkpoint(test.path).read_integers("a") == std::vector<int64_t>{200});
}

TEST_CASE("weft checkpoint: damaged numbers are refused by name") {
  const TestFile test;
  const float numbers[] = {1.5f, 2.5f, 3.5f, 4.5f};
  CheckpointWriter writer(test.path);
  writer.write("kernel", Shape{2, 2}, {const_cast<float*>(numbers), 2, 2, 2});
  writer.close();
  std::string bytes = test.bytes();
  const auto at = bytes.find(std::string_view(reinterpret_cast<const char*>(numbers), sizeof(numbers)));
  REQUIRE(at != std::string::npos);
  bytes[at] ^= 1;
  test.put(bytes);
  const NamedTensors tensors = open_weft_checkpoint(test.path);
  CHECK_THROWS_WITH_AS(tensors.read_floats("kernel"), doctest::Contains("kernel"), DataError);
}

}  // namespace weft
