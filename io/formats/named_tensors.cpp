// NamedTensors: conversion to floats and integers, and what is checked before a format's function is called.
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
  CheckOther check_other;

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
                                             .read_strings = std::move(source.read_strings),
                                             .check_other = std::move(source.check_other)});
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

bool NamedTensors::check_other(std::string_view name) const {
  const TensorInfo& info = must_find(name);
  return info.type == TensorType::other && state_->check_other && state_->check_other(state_->index(info));
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
  if (state_->check_other) {
    source.check_other = [state = state_, numbers](size_t i) { return state->check_other(numbers[i]); };
  }
  return NamedTensors(std::move(source));
}

NamedTensors NamedTensors::with_numbers(std::vector<TensorInfo> tensors, ReadRows read_rows) const {
  Source source{.where = state_->where,
                .format = state_->format,
                .tensors = std::move(tensors),
                .read_rows = std::move(read_rows)};
  if (state_->read_strings) {
    source.read_strings = [state = state_](size_t i) { return state->read_strings(state->numbers[i]); };
  }
  if (state_->check_other) {
    source.check_other = [state = state_](size_t i) { return state->check_other(state->numbers[i]); };
  }
  return NamedTensors(std::move(source));
}

}  // namespace weft
