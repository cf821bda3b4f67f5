// Shape: the extents of an array, at most eight, held without allocation.
#pragma once
#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>

namespace weft {

/// The extents of an array, outermost first; `{}` is a scalar.
class Shape {
 public:
  static constexpr int kMaxRank = 8;
  static constexpr int64_t kMaxSize = int64_t{1} << 48;

  Shape() = default;
  /// Throws ValueError for more than kMaxRank extents, a negative one, or more than kMaxSize elements.
  Shape(std::initializer_list<int64_t> extents);
  explicit Shape(std::span<const int64_t> extents);

  int rank() const { return rank_; }
  int64_t operator[](int axis) const { return extents_[static_cast<size_t>(axis)]; }
  /// Number of elements: the product of the extents, 1 for a scalar.
  int64_t size() const;
  std::span<const int64_t> extents() const { return {extents_.data(), static_cast<size_t>(rank_)}; }
  bool operator==(const Shape& other) const;

 private:
  std::array<int64_t, kMaxRank> extents_{};
  int rank_ = 0;
};

/// "[32, 10]"; "[]" for a scalar.
std::string to_string(const Shape& shape);

}  // namespace weft
