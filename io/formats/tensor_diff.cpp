// How the tensors of two files differ, of whatever formats they are.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/io/formats/tensor_diff.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>
#include <vector>

namespace weft {
namespace {

// The difference of two numbers; infinity where it can't be told.
double distance(double a, double b) {
  if (a == b || (std::isnan(a) && std::isnan(b))) return 0;
  const double d = std::fabs(b - a);
  return std::isnan(d) ? std::numeric_limits<double>::infinity() : d;
}

double relative(double distance, double a, double b) {
  return std::isinf(distance) ? 2 : distance / std::max(std::fabs(a), std::fabs(b));
}

void compare_row(TensorDiff& diff, const DiffOptions& options, std::span<const double> a, std::span<const double> b) {
  int64_t changed = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    const double d = distance(a[i], b[i]);
    if (d == 0) continue;
    diff.largest_absolute = std::max(diff.largest_absolute, d);
    diff.largest_relative = std::max(diff.largest_relative, relative(d, a[i], b[i]));
    const double largest = std::max(std::fabs(a[i]), std::fabs(b[i]));
    // An infinite tolerance would let an infinity pass.
    changed += std::isinf(d) || d > options.absolute_tolerance + options.relative_tolerance * largest;
  }
  diff.numbers_changed += changed;
  diff.rows_changed += changed > 0;
}

void compare_numbers(TensorDiff& diff, const NamedTensors& a, const NamedTensors& b, const DiffOptions& options) {
  const auto width = static_cast<size_t>(diff.a.width());
  std::vector<double> left, right;
  std::vector<std::byte> bytes;
  for_each_piece(a, diff.a, [&](const TensorPiece& piece) {
    const size_t numbers = static_cast<size_t>(piece.rows) * width;
    left.resize(numbers);
    right.resize(numbers);
    to_doubles(diff.a.type, piece.bytes, left);
    bytes.resize(numbers * size_of(diff.b.type));
    b.read_bytes(diff.name, piece.first, piece.rows, bytes);
    to_doubles(diff.b.type, bytes, right);
    for (size_t at = 0; at < numbers; at += width) {
      compare_row(diff, options, std::span(left).subspan(at, width), std::span(right).subspan(at, width));
    }
    if (options.progress) options.progress(static_cast<int64_t>(piece.bytes.size() + bytes.size()));
  });
}

void compare_strings(TensorDiff& diff, const NamedTensors& a, const NamedTensors& b) {
  const std::vector<std::string> left = a.read_strings(diff.name), right = b.read_strings(diff.name);
  const auto width = static_cast<size_t>(std::max<int64_t>(diff.a.width(), 1));
  int64_t last_row = -1;
  for (size_t i = 0; i < std::min(left.size(), right.size()); ++i) {
    if (left[i] == right[i]) continue;
    ++diff.numbers_changed;
    diff.rows_changed += std::exchange(last_row, static_cast<int64_t>(i / width)) != static_cast<int64_t>(i / width);
  }
}

TensorDiff compare(const TensorInfo& left, const TensorInfo& right, const NamedTensors& a, const NamedTensors& b,
                   const DiffOptions& options) {
  TensorDiff diff{.name = left.name, .a = left, .b = right};
  const bool strings = left.type == TensorType::string;
  if (left.type == TensorType::other || right.type == TensorType::other) {
    diff.kind = TensorDiff::Kind::unread;
    return diff;
  }
  if (left.shape != right.shape || strings != (right.type == TensorType::string)) {
    diff.kind = TensorDiff::Kind::shape;
    return diff;
  }
  strings ? compare_strings(diff, a, b) : compare_numbers(diff, a, b, options);
  if (diff.numbers_changed > 0) diff.kind = TensorDiff::Kind::numbers;
  return diff;
}

}  // namespace

std::string_view to_string(TensorDiff::Kind kind) {
  switch (kind) {
    case TensorDiff::Kind::equal:
      return "equal";
    case TensorDiff::Kind::numbers:
      return "numbers";
    case TensorDiff::Kind::shape:
      return "shape";
    case TensorDiff::Kind::only_a:
      return "only_a";
    case TensorDiff::Kind::only_b:
      return "only_b";
    case TensorDiff::Kind::unread:
      return "unread";
  }
  return "";
}

std::vector<TensorDiff> diff_tensors(const NamedTensors& a, const NamedTensors& b, const DiffOptions& options) {
  if (!(options.absolute_tolerance >= 0) || !(options.relative_tolerance >= 0)) {
    throw ValueError(fmt::format("[diff_tensors] tolerance: got {} and {}, expected numbers of at least 0.",
                                 options.absolute_tolerance, options.relative_tolerance));
  }
  std::vector<TensorDiff> diffs;
  for (const TensorInfo& info : a.tensors()) {
    const TensorInfo* other = b.find(info.name);
    diffs.push_back(other ? compare(info, *other, a, b, options)
                          : TensorDiff{.name = info.name, .kind = TensorDiff::Kind::only_a, .a = info, .b = {}});
  }
  for (const TensorInfo& info : b.tensors()) {
    if (a.find(info.name) != nullptr) continue;
    diffs.push_back({.name = info.name, .kind = TensorDiff::Kind::only_b, .a = {}, .b = info});
  }
  std::ranges::sort(diffs, {}, &TensorDiff::name);
  return diffs;
}

namespace {

NamedTensors matrix(std::vector<float> numbers, std::vector<int64_t> shape, const std::string& name = "m") {
  return NamedTensors({.where = "memory",
                       .format = "test",
                       .tensors = {{name, TensorType::float32, std::move(shape)}},
                       .read_rows = [numbers](size_t, int64_t first, int64_t count, std::span<std::byte> out) {
                         const size_t width = out.size() / sizeof(float) / static_cast<size_t>(count);
                         std::memcpy(out.data(), numbers.data() + static_cast<size_t>(first) * width, out.size());
                       }});
}

}  // namespace

TEST_CASE("diff: numbers, rows and the largest changes") {
  const auto diffs = diff_tensors(matrix({1, 2, 3, 4, 5, 6}, {3, 2}), matrix({1, 2, 3, 8, 5, 6.5f}, {3, 2}));
  REQUIRE(diffs.size() == 1);
  CHECK(diffs[0].kind == TensorDiff::Kind::numbers);
  CHECK(diffs[0].numbers_changed == 2);
  CHECK(diffs[0].rows_changed == 2);
  CHECK(diffs[0].largest_absolute == 4);
  CHECK(diffs[0].largest_relative == 0.5);
}

TEST_CASE("diff: what is within the tolerance is equal, and its size still told") {
  const auto diffs = diff_tensors(matrix({1, 2}, {2}), matrix({1, 2.5f}, {2}), {.absolute_tolerance = 0.5});
  CHECK(diffs[0].kind == TensorDiff::Kind::equal);
  CHECK(diffs[0].largest_absolute == 0.5);
  CHECK(diff_tensors(matrix({4}, {1}), matrix({5}, {1}), {.relative_tolerance = 0.2})[0].kind ==
        TensorDiff::Kind::equal);
  CHECK_THROWS_AS(diff_tensors(matrix({}, {0}), matrix({}, {0}), {.absolute_tolerance = -1}), ValueError);
}

TEST_CASE("diff: NaN equals NaN, nothing else does; infinities are no small change") {
  const float nan = std::nanf(""), infinity = std::numeric_limits<float>::infinity();
  CHECK(diff_tensors(matrix({nan, infinity}, {2}), matrix({nan, infinity}, {2}))[0].kind == TensorDiff::Kind::equal);
  const DiffOptions loose{.absolute_tolerance = 1e9, .relative_tolerance = 1};
  CHECK(diff_tensors(matrix({nan, infinity}, {2}), matrix({1, 1}, {2}), loose)[0].numbers_changed == 2);
}

TEST_CASE("diff: other shapes, and names in one file only") {
  CHECK(diff_tensors(matrix({1, 2}, {2, 1}), matrix({1, 2}, {2}))[0].kind == TensorDiff::Kind::shape);
  const auto diffs = diff_tensors(matrix({1}, {1}, "b"), matrix({1}, {1}, "a"));
  REQUIRE(diffs.size() == 2);
  CHECK(diffs[0].kind == TensorDiff::Kind::only_b);
  CHECK(diffs[0].name == "a");
  CHECK(diffs[1].kind == TensorDiff::Kind::only_a);
}

}  // namespace weft
