// Shape: construction, comparison, text.
#include <weft/core/error.h>
#include <weft/core/shape.h>

#include <doctest/doctest.h>
#include <algorithm>

namespace weft {

Shape::Shape(std::initializer_list<int64_t> extents)
    : Shape(std::span<const int64_t>(extents.begin(), extents.size())) {}

Shape::Shape(std::span<const int64_t> extents) {
  if (extents.size() > kMaxRank) {
    throw ValueError("[Shape] too many extents: got " + std::to_string(extents.size()) + ", expected at most " +
                     std::to_string(kMaxRank) + ". Fold some of them into one.");
  }
  // The product of the extents that are not 0 must fit: then every part of the array can be addressed.
  int64_t elements = 1;
  for (const int64_t extent : extents) {
    if (extent < 0) {
      throw ValueError("[Shape] an extent is negative: got " + std::to_string(extent) + ", expected 0 or more.");
    }
    if (extent > 0 && elements > kMaxSize / extent) {
      throw ValueError("[Shape] too many elements: an extent of " + std::to_string(extent) + " beside " +
                       std::to_string(elements) + " others, expected 2^48 elements at most. Use smaller extents.");
    }
    elements *= std::max<int64_t>(extent, 1);
    extents_[static_cast<size_t>(rank_++)] = extent;
  }
}

int64_t Shape::size() const {
  int64_t size = 1;
  for (const int64_t extent : extents()) size *= extent;
  return size;
}

bool Shape::operator==(const Shape& other) const {
  return std::ranges::equal(extents(), other.extents());
}

std::string to_string(const Shape& shape) {
  std::string text = "[";
  for (int axis = 0; axis < shape.rank(); ++axis) {
    if (axis > 0) text += ", ";
    text += std::to_string(shape[axis]);
  }
  return text + "]";
}

TEST_CASE("shape: size, text, comparison") {
  CHECK(Shape{}.size() == 1);
  CHECK(Shape{3, 0, 2}.size() == 0);
  CHECK(Shape{3, 4}.size() == 12);
  CHECK(to_string(Shape{3, 4}) == "[3, 4]");
  CHECK(to_string(Shape{}) == "[]");
  CHECK(Shape{3, 4} == Shape{3, 4});
  CHECK_FALSE(Shape{3, 4} == Shape{3, 4, 1});
  CHECK_THROWS_AS((Shape{-1}), ValueError);
  CHECK_THROWS_AS((Shape{int64_t{1} << 62, 8}), ValueError);
  CHECK_THROWS_AS((Shape{0, int64_t{1} << 61}), ValueError);
  CHECK_THROWS_AS((Shape{1, 1, 1, 1, 1, 1, 1, 1, 1}), ValueError);
}

}  // namespace weft
