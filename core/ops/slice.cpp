// slice: y = the numbers of x from `begin` on, `size` of them along each axis; dx = dy there.
#include <weft/core/error.h>
#include <weft/core/ops/gradient_check.h>
#include <weft/core/ops/ops.h>

#include <doctest/doctest.h>
#include <algorithm>
#include <array>
#include <string>

namespace weft {
namespace {

/// A box within an array: where each of its rows (of the last axis) lies.
struct Box {
  Shape from, shape;
  std::array<int64_t, Shape::kMaxRank> begin{};

  /// The place in the array of row `row` of the box.
  int64_t place(int64_t row) const {
    int64_t place = 0, step = 1;
    for (int axis = from.rank() - 1; axis >= 0; --axis) {
      const bool last = axis + 1 == from.rank();
      const int64_t index = begin[static_cast<size_t>(axis)] + (last ? 0 : row % shape[axis]);
      if (!last) row /= shape[axis];
      place += index * step;
      step *= from[axis];
    }
    return place;
  }
  int64_t width() const { return from.rank() == 0 ? 1 : shape[from.rank() - 1]; }
  int64_t rows() const { return shape.size() == 0 ? 0 : shape.size() / width(); }
};

Box box_of(const Shape& from, std::span<const int64_t> begin, std::span<const int64_t> size) {
  const auto rank = static_cast<size_t>(from.rank());
  if (begin.size() != rank || size.size() != rank) {
    throw ValueError("[slice] got " + std::to_string(begin.size()) + " begins and " + std::to_string(size.size()) +
                     " sizes for shape " + to_string(from) + ", expected one of each an axis.");
  }
  Box box{from, {}, {}};
  std::array<int64_t, Shape::kMaxRank> extents{};
  for (size_t axis = 0; axis < rank; ++axis) {
    const int64_t extent = from[static_cast<int>(axis)];
    const bool begins = begin[axis] >= 0 && begin[axis] <= extent;
    const int64_t count = begins && size[axis] == -1 ? extent - begin[axis] : size[axis];
    if (!begins || count < 0 || count > extent - begin[axis]) {
      throw ValueError("[slice] axis " + std::to_string(axis) + " of shape " + to_string(from) + ": got begin " +
                       std::to_string(begin[axis]) + " and size " + std::to_string(size[axis]) +
                       ", expected a part of it (size -1: to the end).");
    }
    box.begin[axis] = begin[axis];
    extents[axis] = count;
  }
  box.shape = Shape(std::span<const int64_t>(extents.data(), rank));
  return box;
}

}  // namespace

Var slice(Var x, std::span<const int64_t> begin, std::span<const int64_t> size) {
  const Box box = box_of(x.shape(), begin, size);
  Var out = x.tape().make(box.shape);
  const int64_t width = box.width();
  for (int64_t row = 0; row < box.rows(); ++row) {
    std::copy_n(x.value().data() + box.place(row), width, out.value().data() + row * width);
  }
  if (x.needs_gradient()) {
    x.tape().record(out, [x, out, box, width] {
      const float* dy = out.gradient()->data();
      float* dx = x.gradient_sum();
      for (int64_t row = 0; row < box.rows(); ++row) {
        float* to = dx + box.place(row);
        for (int64_t k = 0; k < width; ++k) to[k] += dy[row * width + k];
      }
    });
  }
  return out;
}

Var slice(Var x, std::initializer_list<int64_t> begin, std::initializer_list<int64_t> size) {
  return slice(x, std::span(begin.begin(), begin.size()), std::span(size.begin(), size.size()));
}

TEST_CASE("slice: parts along each axis, and the gradient at their places") {
  Tape tape;
  const Var x = tape.leaf(Tensor({2, 3}, {1, 2, 3, 4, 5, 6}));
  const Var y = slice(x, {0, 1}, {2, 2}), z = slice(x, {1, 0}, {-1, -1});
  const float want[] = {2, 3, 5, 6}, rest[] = {4, 5, 6}, slopes[] = {0, 1, 2, 0, 3, 4};
  CHECK(y.shape() == Shape{2, 2});
  CHECK(std::ranges::equal(y.value().values(), want));
  CHECK(std::ranges::equal(z.value().values(), rest));
  tape.backward(y, Tensor({2, 2}, {1, 2, 3, 4}));
  CHECK(std::ranges::equal(x.gradient()->values(), slopes));
}

TEST_CASE("slice: rank 3, nothing, a scalar") {
  Tensor x({2, 2, 3});
  for (int64_t i = 0; i < 12; ++i) x[i] = static_cast<float>(i);
  Tape tape;
  const Var v = tape.leaf(x);
  const float want[] = {4, 5, 10, 11};
  CHECK(std::ranges::equal(slice(v, {0, 1, 1}, {2, 1, 2}).value().values(), want));
  CHECK(slice(v, {0, 2, 0}, {2, 0, 3}).shape() == Shape{2, 0, 3});
  CHECK(slice(v, {0, 0, 3}, {2, 2, 0}).value().size() == 0);
  CHECK(slice(tape.leaf(Tensor({}, {7})), {}, {}).item() == 7);
}

TEST_CASE("slice: parts that are not there") {
  Tape tape;
  const Var x = tape.leaf(Tensor::zeros({2, 3}));
  CHECK_THROWS_AS(slice(x, {0}, {1}), ValueError);
  CHECK_THROWS_AS(slice(x, {0, 2}, {1, 2}), ValueError);
  CHECK_THROWS_AS(slice(x, {-1, 0}, {1, 1}), ValueError);
  CHECK_THROWS_AS(slice(x, {0, 0}, {1, -2}), ValueError);
  CHECK_THROWS_AS(slice(x, {3, 0}, {-1, 1}), ValueError);
}

}  // namespace weft
