// How the tensors of two files differ, of whatever formats they are.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/io/formats/number_conversion.h>
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

/// An int64 or uint64 of 64 bits, which a double may not hold.
struct Wide {
  uint64_t bits = 0;
  bool negative = false;
};

// Exact up to 2^53; never 0 for two that differ.
double distance(Wide a, Wide b) {
  if (a.negative == b.negative) return static_cast<double>(std::max(a.bits, b.bits) - std::min(a.bits, b.bits));
  const Wide below = a.negative ? a : b, above = a.negative ? b : a;
  return static_cast<double>(0 - below.bits) + static_cast<double>(above.bits);
}

bool is_wide(TensorType type) {
  return type == TensorType::int64 || type == TensorType::uint64;
}

std::vector<Wide> to_wide(TensorType type, std::span<const std::byte> bytes, size_t count) {
  std::vector<Wide> out(count);
  if (type == TensorType::uint64) {
    for (size_t i = 0; i < count; ++i) std::memcpy(&out[i].bits, bytes.data() + 8 * i, 8);
    return out;
  }
  std::vector<int64_t> integers(count);
  to_integers(type, bytes, integers);
  for (size_t i = 0; i < count; ++i) out[i] = {static_cast<uint64_t>(integers[i]), integers[i] < 0};
  return out;
}

/// Rows of both as double, and where one side has 64 bits as integers too.
struct Numbers {
  std::vector<double> a, b;
  std::vector<Wide> wide_a, wide_b;

  double distance_at(size_t i) const { return wide_a.empty() ? distance(a[i], b[i]) : distance(wide_a[i], wide_b[i]); }
};

void compare_row(TensorDiff& diff, const DiffOptions& options, const Numbers& numbers, size_t first, size_t width) {
  int64_t changed = 0;
  for (size_t i = first; i < first + width; ++i) {
    const double d = numbers.distance_at(i);
    if (d == 0) continue;
    const double largest = std::max(std::fabs(numbers.a[i]), std::fabs(numbers.b[i]));
    diff.largest_absolute = std::max(diff.largest_absolute, d);
    diff.largest_relative = std::max(diff.largest_relative, std::isinf(d) ? 2 : d / largest);
    // An infinite tolerance would let an infinity pass.
    changed += std::isinf(d) || d > options.absolute_tolerance + options.relative_tolerance * largest;
  }
  diff.numbers_changed += changed;
  diff.rows_changed += changed > 0;
}

void compare_numbers(TensorDiff& diff, const NamedTensors& a, const NamedTensors& b, const DiffOptions& options) {
  const auto width = static_cast<size_t>(diff.a.width());
  const bool wide =
      is_integer(diff.a.type) && is_integer(diff.b.type) && (is_wide(diff.a.type) || is_wide(diff.b.type));
  Numbers both;
  std::vector<std::byte> bytes;
  for_each_piece(a, diff.a, [&](const TensorPiece& piece) {
    const size_t numbers = static_cast<size_t>(piece.rows) * width;
    both.a.resize(numbers);
    both.b.resize(numbers);
    to_doubles(diff.a.type, piece.bytes, both.a);
    bytes.resize(numbers * size_of(diff.b.type));
    b.read_bytes(diff.name, piece.first, piece.rows, bytes);
    to_doubles(diff.b.type, bytes, both.b);
    if (wide) {
      both.wide_a = to_wide(diff.a.type, piece.bytes, numbers);
      both.wide_b = to_wide(diff.b.type, bytes, numbers);
    }
    for (size_t at = 0; at < numbers; at += width) compare_row(diff, options, both, at, width);
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

TEST_CASE("diff: integers of 64 bits differ by 1 beyond 2^53") {
  const auto of = [](TensorType type, std::vector<uint64_t> numbers) {
    return NamedTensors({.where = "memory",
                         .format = "test",
                         .tensors = {{"m", type, {static_cast<int64_t>(numbers.size())}}},
                         .read_rows = [numbers](size_t, int64_t first, int64_t, std::span<std::byte> out) {
                           std::memcpy(out.data(), numbers.data() + first, out.size());
                         }});
  };
  constexpr uint64_t kExact = uint64_t{1} << 53, kTop = uint64_t{1} << 63;
  const auto changed = [](const NamedTensors& a, const NamedTensors& b) { return diff_tensors(a, b)[0]; };
  const TensorDiff one = changed(of(TensorType::int64, {kExact, 5}), of(TensorType::int64, {kExact + 1, 5}));
  CHECK(one.numbers_changed == 1);
  CHECK(one.largest_absolute == 1);
  CHECK(changed(of(TensorType::uint64, {kTop + 1}), of(TensorType::uint64, {kTop + 2})).numbers_changed == 1);
  CHECK(changed(of(TensorType::int64, {0 - kExact}), of(TensorType::int64, {0 - kExact - 1})).largest_absolute == 1);
  CHECK(changed(of(TensorType::int64, {kExact + 1}), of(TensorType::uint64, {kExact + 1})).kind ==
        TensorDiff::Kind::equal);
  // -2^63 is not 2^63, whose bits it has.
  CHECK(changed(of(TensorType::int64, {kTop}), of(TensorType::uint64, {kTop})).largest_absolute == 0x1p64);
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
