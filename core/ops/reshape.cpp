// reshape: y = the numbers of x in another shape; dx = dy.
#include <weft/core/error.h>
#include <weft/core/ops/gradient_check.h>
#include <weft/core/ops/ops.h>

#include <doctest/doctest.h>
#include <algorithm>
#include <array>
#include <string>

namespace weft {
namespace {

/// The shape with the extent in place of -1 that `size` leaves; throws ValueError if there is none.
Shape resolved(const Shape& from, std::span<const int64_t> wanted) {
  const auto refuse = [&] {
    std::string text;
    for (const int64_t extent : wanted) text += (text.empty() ? "" : ", ") + std::to_string(extent);
    throw ValueError("[reshape] the shape does not hold the numbers: got " + to_string(from) + " to [" + text +
                     "], expected as many numbers, and -1 once at most.");
  };
  if (wanted.size() > Shape::kMaxRank) refuse();
  std::array<int64_t, Shape::kMaxRank> extents{};
  std::ranges::copy(wanted, extents.begin());
  const std::span<int64_t> used(extents.data(), wanted.size());
  const auto open = std::ranges::find(used, -1);
  if (open != used.end()) {
    *open = 1;
    if (std::ranges::any_of(used, [](int64_t extent) { return extent < 0; })) refuse();
    const int64_t others = Shape(used).size();
    if (others == 0 || from.size() % others != 0) refuse();
    *open = from.size() / others;
  }
  if (std::ranges::any_of(used, [](int64_t extent) { return extent < 0; })) refuse();
  const Shape shape{std::span<const int64_t>(used)};
  if (shape.size() != from.size()) refuse();
  return shape;
}

}  // namespace

Var reshape(Var x, std::span<const int64_t> shape) {
  Var out = x.tape().make(resolved(x.shape(), shape));
  std::ranges::copy(x.value().values(), out.value().data());
  if (x.needs_gradient()) {
    x.tape().record(out, [x, out] {
      const float* dy = out.gradient()->data();
      float* dx = x.gradient_sum();
      for (int64_t i = 0, n = x.value().size(); i < n; ++i) dx[i] += dy[i];
    });
  }
  return out;
}

Var reshape(Var x, std::initializer_list<int64_t> shape) {
  return reshape(x, std::span(shape.begin(), shape.size()));
}

TEST_CASE("reshape: the numbers in order, -1 is what is left") {
  Tape tape;
  const Var x = tape.leaf(Tensor({2, 3}, {1, 2, 3, 4, 5, 6}));
  const Var y = reshape(x, {3, -1});
  CHECK(y.shape() == Shape{3, 2});
  CHECK(std::ranges::equal(y.value().values(), x.value().values()));
  CHECK(reshape(x, {-1}).shape() == Shape{6});
  CHECK(reshape(x, {1, 2, 1, 3}).shape() == Shape{1, 2, 1, 3});
  CHECK(reshape(tape.leaf(Tensor({1}, {2})), {}).shape() == Shape{});
  CHECK(reshape(tape.leaf(Tensor(Shape{0, 3})), {-1, 3}).shape() == Shape{0, 3});
  tape.backward(y, Tensor({3, 2}, {1, 2, 3, 4, 5, 6}));
  CHECK((*x.gradient())[4] == 5);
}

TEST_CASE("reshape: shapes that don't hold the numbers") {
  Tape tape;
  const Var x = tape.leaf(Tensor::zeros({2, 3}));
  CHECK_THROWS_AS(reshape(x, {4}), ValueError);
  CHECK_THROWS_AS(reshape(x, {4, -1}), ValueError);
  CHECK_THROWS_AS(reshape(x, {-1, -1}), ValueError);
  CHECK_THROWS_AS(reshape(x, {-2, -3}), ValueError);
  CHECK_THROWS_AS(reshape(x, {0, -1}), ValueError);
  CHECK_THROWS_AS(reshape(x, {1, 1, 1, 1, 1, 1, 1, 1, 6}), ValueError);
}

}  // namespace weft
