// broadcast: which axes of two operands are repeated.
#include <weft/core/error.h>
#include <weft/core/ops/binary.h>
#include <weft/core/ops/function_check.h>
#include <weft/core/ops/ops.h>

#include <doctest/doctest.h>
#include <string>

namespace weft::detail {
namespace {

[[noreturn]] void refuse(std::string_view op, Var a, Var b) {
  throw ValueError("[" + std::string(op) + "] shapes don't fit: got " + to_string(a.shape()) + " and " +
                   to_string(b.shape()) +
                   ", expected equal ones, or [batch, 1], [width] or one number beside [batch, width].");
}

/// A shape of rank 2 at most as [rows, columns].
struct Extents {
  int64_t rows, columns;
  explicit Extents(const Shape& shape)
      : rows(shape.rank() == 2 ? shape[0] : 1), columns(shape.rank() == 0 ? 1 : shape[shape.rank() - 1]) {}
  BroadcastView view() const { return {rows == 1 ? 0 : columns, columns == 1 ? 0 : 1}; }
};

bool fits(int64_t a, int64_t b) {
  return a == b || a == 1 || b == 1;
}

}  // namespace

Broadcast broadcast(std::string_view op, Var a, Var b) {
  if (&a.tape() != &b.tape()) {
    throw ValueError("[" + std::string(op) + "] the values are on two tapes: expected one. Record a step on one tape.");
  }
  if (a.shape() == b.shape()) return {a.shape(), 1, a.shape().size(), {0, 1}, {0, 1}};
  if (b.shape().rank() == 0) return {a.shape(), 1, a.shape().size(), {0, 1}, {0, 0}};
  if (a.shape().rank() == 0) return {b.shape(), 1, b.shape().size(), {0, 0}, {0, 1}};
  if (a.shape().rank() > 2 || b.shape().rank() > 2) refuse(op, a, b);
  const Extents x(a.shape()), z(b.shape());
  if (!fits(x.rows, z.rows) || !fits(x.columns, z.columns)) refuse(op, a, b);
  // What is repeated is 1; 0 stays 0.
  const int64_t R = x.rows == 1 ? z.rows : x.rows, C = x.columns == 1 ? z.columns : x.columns;
  const bool row = a.shape().rank() == 1 && b.shape().rank() == 1;
  return {row ? Shape{C} : Shape{R, C}, R, C, x.view(), z.view()};
}

namespace {

Tensor numbers(const Shape& shape, uint64_t stream) {
  Tensor x(shape);
  random_uniform_initializer({.minval = 0.5f, .maxval = 2})(x.values(), 0, shape, {7, stream});
  return x;
}

}  // namespace

TEST_CASE("binary: every way to broadcast, gradients of both operands against finite differences") {
  const Shape shapes[] = {{}, {1}, {3}, {4, 1}, {1, 3}, {4, 3}, {1, 1}};
  for (const Shape& left : shapes) {
    for (const Shape& right : shapes) {
      CAPTURE(to_string(left));
      CAPTURE(to_string(right));
      const Tensor a = numbers(left, 1), b = numbers(right, 2);
      for (Var (*const op)(Var, Var) : {static_cast<Var (*)(Var, Var)>(mul), static_cast<Var (*)(Var, Var)>(div)}) {
        CHECK(gradient_error([&](Var x) { return sum(square(op(x, x.tape().constant(b)))); }, a, 1e-3f) < 2e-2);
        CHECK(gradient_error([&](Var z) { return sum(square(op(z.tape().constant(a), z))); }, b, 1e-3f) < 2e-2);
      }
    }
  }
}

TEST_CASE("binary: shapes of results, and those that don't fit") {
  Tape tape;
  const auto of = [&](const Shape& shape) { return tape.leaf(Tensor::zeros(shape)); };
  CHECK(add(of({4, 1}), of({3})).shape() == Shape{4, 3});
  CHECK(add(of({3}), of({1})).shape() == Shape{3});
  CHECK(add(of({2, 3, 4}), of({2, 3, 4})).shape() == Shape{2, 3, 4});
  CHECK(add(of({2, 3, 4}), of({})).shape() == Shape{2, 3, 4});
  CHECK(add(of({0, 3}), of({3})).shape() == Shape{0, 3});
  CHECK_THROWS_AS(add(of({4, 2}), of({3})), ValueError);
  CHECK_THROWS_AS(add(of({4}), of({4, 3})), ValueError);
  CHECK_THROWS_AS(add(of({2, 3, 4}), of({4})), ValueError);
  Tape other;
  CHECK_THROWS_WITH_AS(add(of({4}), other.leaf(Tensor::zeros({4}))), doctest::Contains("two tapes"), ValueError);
}

TEST_CASE("binary: the same bits for any number of threads, with a value used on both sides") {
  CHECK(same_for_threads([](Var x) { return mul(x, div(x, add(x, x))); }));
  const Tensor x = numbers({1000, 37}, 3), row = numbers({37}, 4);
  CHECK(same_for_threads([&](Var v) { return mul(v, v.tape().constant(row)); }, x));
  CHECK(same_for_threads([&](Var v) { return mul(v.tape().constant(x), v); }, row));
}

}  // namespace weft::detail
