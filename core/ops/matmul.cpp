// matmul: y = A B, A = a or its transpose, B = b or its transpose; dA = dy B^T, dB = A^T dy, transposed back.
#include <weft/core/error.h>
#include <weft/core/gemm.h>
#include <weft/core/ops/function_check.h>
#include <weft/core/ops/ops.h>

#include <doctest/doctest.h>
#include <string>

namespace weft {
namespace {

/// A stored matrix, read as it is or transposed: [rows, columns] as it is read.
struct Operand {
  const float* data;
  int64_t stride;
  bool transpose;
  int64_t rows, columns;
};

Operand operand(const Tensor& x, bool transpose) {
  const int64_t rows = x.shape()[0], columns = x.shape()[1];
  return {x.data(), columns, transpose, transpose ? columns : rows, transpose ? rows : columns};
}

Operand transposed(const Operand& x) {
  return {x.data, x.stride, !x.transpose, x.columns, x.rows};
}

/// c = a b, or c += a b. Nothing to sum over gives zeros.
void product(const Operand& a, const Operand& b, float* c, bool accumulate) {
  if (a.columns == 0 && !accumulate) std::fill_n(c, a.rows * b.columns, 0.0f);
  if (a.rows == 0 || b.columns == 0 || a.columns == 0) return;
  gemm({.m = a.rows,
        .n = b.columns,
        .k = a.columns,
        .a = a.data,
        .a_stride = a.stride,
        .transpose_a = a.transpose,
        .b = b.data,
        .b_stride = b.stride,
        .transpose_b = b.transpose,
        .c = c,
        .c_stride = b.columns,
        .accumulate = accumulate});
}

/// Adds left right, or its transpose, to the gradient of x.
void add_product(Var x, const Operand& left, const Operand& right, bool transpose) {
  if (!x.needs_gradient()) return;
  const auto dx = x.add_to_gradient();
  if (transpose) {
    product(transposed(right), transposed(left), dx.data, !dx.fresh);
  } else {
    product(left, right, dx.data, !dx.fresh);
  }
}

}  // namespace

Var matmul(Var a, Var b, const MatmulOptions& options) {
  const auto refuse = [&] {
    throw ValueError("[matmul] the matrices don't fit: got " + to_string(a.shape()) +
                     (options.transpose_a ? " transposed" : "") + " and " + to_string(b.shape()) +
                     (options.transpose_b ? " transposed" : "") + ", expected [m, k] and [k, n].");
  };
  if (a.shape().rank() != 2 || b.shape().rank() != 2) refuse();
  const Operand A = operand(a.value(), options.transpose_a), B = operand(b.value(), options.transpose_b);
  if (A.columns != B.rows) refuse();
  Var out = a.tape().make({A.rows, B.columns});
  product(A, B, out.value().data(), false);
  if (!a.needs_gradient() && !b.needs_gradient()) return out;
  a.tape().record(out, [a, b, out, options] {
    const Operand A = operand(a.value(), options.transpose_a), B = operand(b.value(), options.transpose_b);
    const Operand dy = operand(*out.gradient(), false);
    add_product(a, dy, transposed(B), options.transpose_a);
    add_product(b, transposed(A), dy, options.transpose_b);
  });
  return out;
}

namespace {

Tensor numbers(const Shape& shape, uint64_t stream) {
  Tensor x(shape);
  random_normal_initializer()(x.values(), 0, shape, {7, stream});
  return x;
}

}  // namespace

TEST_CASE("matmul: values by hand") {
  Tape tape;
  const Var a = tape.leaf(Tensor({1, 2}, {1, 2})), b = tape.leaf(Tensor({2, 2}, {1, 10, 100, 1000}));
  const Tensor plain = matmul(a, b).value(), transposed = matmul(a, b, {.transpose_b = true}).value();
  CHECK(plain[0] == 201);
  CHECK(plain[1] == 2010);
  CHECK(transposed[0] == 21);
  CHECK(transposed[1] == 2100);
}

TEST_CASE("matmul: gradients against finite differences, transposed or not, a matrix by itself") {
  for (const bool transpose_a : {false, true}) {
    for (const bool transpose_b : {false, true}) {
      const MatmulOptions options{.transpose_a = transpose_a, .transpose_b = transpose_b};
      const Tensor a = numbers(transpose_a ? Shape{4, 3} : Shape{3, 4}, 1);
      const Tensor b = numbers(transpose_b ? Shape{2, 4} : Shape{4, 2}, 2);
      CHECK(gradient_error([&](Var x) { return sum(square(matmul(x, x.tape().constant(b), options))); }, a) < 5e-3);
      CHECK(gradient_error([&](Var x) { return sum(square(matmul(x.tape().constant(a), x, options))); }, b) < 5e-3);
    }
  }
  const auto gram = [](Var x) { return sum(square(matmul(x, x, {.transpose_b = true}))); };
  CHECK(gradient_error(gram, numbers({3, 2}, 3)) < 2e-2);
}

TEST_CASE("matmul: the same bits for any number of threads, empty matrices, those that don't fit") {
  const Tensor b = numbers({65, 33}, 2);
  CHECK(same_for_threads([&](Var x) { return matmul(x, x.tape().constant(b)); }, numbers({400, 65}, 1)));
  Tape tape;
  const auto of = [&](const Shape& shape) { return tape.leaf(Tensor::zeros(shape)); };
  CHECK(matmul(of({0, 3}), of({3, 2})).shape() == Shape{0, 2});
  CHECK(matmul(of({2, 0}), of({0, 2})).value()[3] == 0);
  CHECK_THROWS_AS(matmul(of({2, 3}), of({2, 3})), ValueError);
  CHECK_THROWS_AS(matmul(of({3}), of({3, 2})), ValueError);
}

}  // namespace weft
