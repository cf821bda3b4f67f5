// NamedTensors: conversion to floats and integers, and what is checked before a format's function is called.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <weft/core/error.h>
#include <weft/io/formats/named_tensors.h>
#include <weft/io/formats/number_conversion.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <utility>

namespace weft {
namespace {

constexpr int64_t kChunkBytes = int64_t{1} << 20;

// Bytes of a tensor, or nothing if they can't be counted.
bool countable(const TensorInfo& info) {
  int64_t size = 1;
  for (const int64_t extent : info.shape) {
    if (extent < 0) return false;
    if (__builtin_mul_overflow(size, std::max<int64_t>(extent, 1), &size)) return false;
  }
  return !__builtin_mul_overflow(size, int64_t{8}, &size);
}

std::string shape_text(const std::vector<int64_t>& shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

bool by_name(const TensorInfo& a, const TensorInfo& b) {
  return a.name < b.name;
}

}  // namespace

int64_t TensorInfo::size() const {
  int64_t size = 1;
  for (const int64_t extent : shape) size *= extent;
  return size;
}

int64_t TensorInfo::rows() const {
  return shape.empty() ? 1 : shape[0];
}

int64_t TensorInfo::width() const {
  int64_t width = 1;
  for (size_t axis = 1; axis < shape.size(); ++axis) width *= shape[axis];
  return width;
}

struct NamedTensors::State {
  std::string where;
  std::string format;
  std::vector<TensorInfo> tensors;  // in name order
  std::vector<size_t> numbers;      // what the format's functions call them
  ReadRows read_rows;
  ReadStrings read_strings;

  [[noreturn]] void fail(const TensorInfo& info, const std::string& what, const std::string& got_expected) const {
    throw DataError(fmt::format("[{}] {}: '{}' {}.", where, what, info.name, got_expected));
  }
  size_t index(const TensorInfo& info) const { return numbers[static_cast<size_t>(&info - tensors.data())]; }
};

NamedTensors::NamedTensors(std::shared_ptr<const State> state) : state_(std::move(state)) {}

NamedTensors::NamedTensors(Source source) {
  std::vector<size_t> order(source.tensors.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(),
            [&](size_t a, size_t b) { return by_name(source.tensors[a], source.tensors[b]); });
  auto state = std::make_shared<State>(State{.where = std::move(source.where),
                                             .format = std::move(source.format),
                                             .tensors = {},
                                             .numbers = order,
                                             .read_rows = std::move(source.read_rows),
                                             .read_strings = std::move(source.read_strings)});
  for (const size_t i : order) {
    TensorInfo& info = source.tensors[i];
    if (!countable(info)) {
      throw DataError(
          fmt::format("[{}] shape of '{}' can't be: got {}, expected extents of at least 0 and fewer than "
                      "2^60 numbers.",
                      state->where, info.name, shape_text(info.shape)));
    }
    if (!state->tensors.empty() && state->tensors.back().name == info.name) {
      throw DataError(fmt::format("[{}] two tensors of a name: got '{}' twice.", state->where, info.name));
    }
    state->tensors.push_back(std::move(info));
  }
  state_ = std::move(state);
}

const std::string& NamedTensors::where() const {
  return state_->where;
}

const std::string& NamedTensors::format() const {
  return state_->format;
}

const std::vector<TensorInfo>& NamedTensors::tensors() const {
  return state_->tensors;
}

const TensorInfo* NamedTensors::find(std::string_view name) const {
  const auto& all = state_->tensors;
  const auto found = std::lower_bound(all.begin(), all.end(), name,
                                      [](const TensorInfo& info, std::string_view key) { return info.name < key; });
  return found != all.end() && found->name == name ? &*found : nullptr;
}

const TensorInfo& NamedTensors::must_find(std::string_view name) const {
  if (const TensorInfo* info = find(name)) return *info;
  // The names that share the last part with it are likely what was meant.
  const std::string_view last = name.substr(name.find_last_of("/.") + 1);
  std::vector<std::string> similar;
  for (const TensorInfo& info : state_->tensors) {
    if (similar.size() < 5 && info.name.ends_with(last)) similar.push_back(info.name);
  }
  throw DataError(fmt::format("[{}] no such tensor: got '{}', expected one of {} names{}{}.", state_->where, name,
                              state_->tensors.size(), similar.empty() ? "" : ", as ", fmt::join(similar, ", ")));
}

void NamedTensors::read_bytes(std::string_view name, int64_t first, int64_t count, std::span<std::byte> out) const {
  const TensorInfo& info = must_find(name);
  if (size_of(info.type) == 0) state_->fail(info, "no numbers", fmt::format("is of type {}", to_string(info.type)));
  if (first < 0 || count < 0 || first > info.rows() || count > info.rows() - first) {
    state_->fail(info, "no such rows", fmt::format("has {} rows, expected {} from {}", info.rows(), count, first));
  }
  const auto bytes = static_cast<size_t>(count * info.width()) * size_of(info.type);
  if (out.size() != bytes) {
    throw ValueError(fmt::format("[NamedTensors::read_bytes] room for '{}': got {} bytes, expected {}.", info.name,
                                 out.size(), bytes));
  }
  if (bytes > 0) state_->read_rows(state_->index(info), first, count, out);
}

void NamedTensors::read(std::string_view name, int64_t first, const RowsView& out) const {
  const TensorInfo& info = must_find(name);
  const bool one_row = info.shape.size() == 1 && out.rows == 1 && first == 0 && out.width == info.rows();
  if (one_row && out.width != 1) return read(name, 0, {.data = out.data, .rows = out.width, .width = 1, .stride = 1});
  if (out.width != info.width()) {
    state_->fail(info, "wrong width",
                 fmt::format("has shape {}, expected rows of {} numbers", shape_text(info.shape), out.width));
  }
  const auto row_bytes = static_cast<size_t>(info.width()) * size_of(info.type);
  const int64_t at_once = std::clamp<int64_t>(kChunkBytes / static_cast<int64_t>(std::max<size_t>(row_bytes, 1)), 1,
                                              std::max<int64_t>(out.rows, 1));
  std::vector<std::byte> bytes;
  for (int64_t done = 0; done < out.rows || done == 0; done += at_once) {
    const int64_t rows = std::min(at_once, out.rows - done);
    bytes.resize(static_cast<size_t>(rows) * row_bytes);
    read_bytes(name, first + done, rows, bytes);
    for (int64_t i = 0; i < rows; ++i) {
      const auto row = std::span<const std::byte>(bytes).subspan(static_cast<size_t>(i) * row_bytes, row_bytes);
      to_floats(info.type, row, out.row(done + i));
    }
  }
}

std::vector<float> NamedTensors::read_floats(std::string_view name) const {
  const TensorInfo& info = must_find(name);
  std::vector<std::byte> bytes(static_cast<size_t>(info.size()) * size_of(info.type));
  read_bytes(name, 0, info.rows(), bytes);
  std::vector<float> floats(static_cast<size_t>(info.size()));
  to_floats(info.type, bytes, floats);
  return floats;
}

std::vector<int64_t> NamedTensors::read_integers(std::string_view name) const {
  const TensorInfo& info = must_find(name);
  if (!is_integer(info.type)) {
    state_->fail(info, "no integers", fmt::format("is of type {}", to_string(info.type)));
  }
  std::vector<std::byte> bytes(static_cast<size_t>(info.size()) * size_of(info.type));
  read_bytes(name, 0, info.rows(), bytes);
  std::vector<int64_t> integers(static_cast<size_t>(info.size()));
  if (!to_integers(info.type, bytes, integers)) {
    state_->fail(info, "a number is too large", "holds numbers of 2^63 and more, expected int64");
  }
  return integers;
}

std::vector<std::string> NamedTensors::read_strings(std::string_view name) const {
  const TensorInfo& info = must_find(name);
  if (info.type != TensorType::string || !state_->read_strings) {
    state_->fail(info, "no strings", fmt::format("is of type {}", to_string(info.type)));
  }
  return state_->read_strings(state_->index(info));
}

NamedTensors NamedTensors::renamed(const std::function<std::string(const std::string&)>& rename) const {
  std::vector<TensorInfo> tensors;
  std::vector<size_t> numbers;
  for (size_t i = 0; i < state_->tensors.size(); ++i) {
    TensorInfo info = state_->tensors[i];
    info.name = rename(info.name);
    if (info.name.empty()) continue;
    tensors.push_back(std::move(info));
    numbers.push_back(state_->numbers[i]);
  }
  Source source{.where = state_->where, .format = state_->format, .tensors = std::move(tensors), .read_rows = {}};
  source.read_rows = [state = state_, numbers](size_t i, int64_t first, int64_t count, std::span<std::byte> out) {
    state->read_rows(numbers[i], first, count, out);
  };
  if (state_->read_strings) {
    source.read_strings = [state = state_, numbers](size_t i) { return state->read_strings(numbers[i]); };
  }
  return NamedTensors(std::move(source));
}

NamedTensors NamedTensors::transposed(std::string_view name) const {
  const TensorInfo& matrix = must_find(name);
  if (matrix.shape.size() != 2) {
    state_->fail(matrix, "no matrix", fmt::format("has shape {}, expected two axes", shape_text(matrix.shape)));
  }
  Source source{.where = state_->where, .format = state_->format, .tensors = state_->tensors, .read_rows = {}};
  const auto at = static_cast<size_t>(&matrix - state_->tensors.data());
  std::swap(source.tensors[at].shape[0], source.tensors[at].shape[1]);
  // A row of the transposed is a column of the file: all of it is read, since kernels are small.
  source.read_rows = [state = state_, at](size_t i, int64_t first, int64_t count, std::span<std::byte> out) {
    if (i != at) return state->read_rows(state->numbers[i], first, count, out);
    const TensorInfo& info = state->tensors[at];
    const size_t number = size_of(info.type);
    const auto rows = static_cast<size_t>(info.rows());
    const auto width = static_cast<size_t>(info.width());
    std::vector<std::byte> whole(rows * width * number);
    state->read_rows(state->numbers[at], 0, info.rows(), whole);
    for (size_t c = 0; c < static_cast<size_t>(count); ++c) {
      for (size_t r = 0; r < rows; ++r) {
        const size_t from = (r * width + static_cast<size_t>(first) + c) * number;
        std::memcpy(out.data() + (c * rows + r) * number, whole.data() + from, number);
      }
    }
  };
  if (state_->read_strings) {
    source.read_strings = [state = state_](size_t i) { return state->read_strings(state->numbers[i]); };
  }
  return NamedTensors(std::move(source));
}

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

TEST_CASE("named tensors: other names and transposed matrices over the same source") {
  const NamedTensors renamed =
      two_tensors().renamed([](const std::string& name) { return name == "step" ? "" : "net." + name; });
  REQUIRE(renamed.tensors().size() == 1);
  CHECK(renamed.read_floats("net.kernel") == std::vector<float>{1, 2, 3, 4, 5, 6});
  const NamedTensors turned = two_tensors().transposed("kernel");
  CHECK(turned.find("kernel")->shape == std::vector<int64_t>{2, 3});
  CHECK(turned.read_floats("kernel") == std::vector<float>{1, 3, 5, 2, 4, 6});
  float row[3];
  turned.read("kernel", 1, {.data = row, .rows = 1, .width = 3, .stride = 3});
  CHECK(row[2] == 6);
  CHECK_THROWS_AS(two_tensors().transposed("step"), DataError);
}

}  // namespace weft
