// transpose: y[i, j] = x[j, i]; dx[j, i] = dy[i, j].
#include <weft/core/error.h>
#include <weft/core/ops/function_check.h>
#include <weft/core/ops/ops.h>
#include <weft/core/parallel.h>

#include <doctest/doctest.h>
#include <algorithm>

namespace weft {
namespace {

/// Side of a tile: its columns stay in cache while its rows are written.
constexpr int64_t kTile = 32;

/// to[j, i] = from[i, j], or += ; from is [rows, columns].
template <bool kAdd>
void transpose_into(const float* from, int64_t rows, int64_t columns, float* to) {
  parallel_for(columns, kTile, [&](int64_t begin, int64_t end) {
    for (int64_t first = 0; first < rows; first += kTile) {
      const int64_t last = std::min(first + kTile, rows);
      for (int64_t j = begin; j < end; ++j) {
        for (int64_t i = first; i < last; ++i) {
          float& place = to[j * rows + i];
          place = (kAdd ? place : 0.0f) + from[i * columns + j];
        }
      }
    }
  });
}

}  // namespace

Var transpose(Var x) {
  if (x.shape().rank() != 2) {
    throw ValueError("[transpose] x: got shape " + to_string(x.shape()) + ", expected [rows, columns].");
  }
  const int64_t rows = x.shape()[0], columns = x.shape()[1];
  Var out = x.tape().make({columns, rows});
  transpose_into<false>(x.value().data(), rows, columns, out.value().data());
  if (x.needs_gradient()) {
    x.tape().record(out, [x, out, rows, columns] {
      transpose_into<true>(out.gradient()->data(), columns, rows, x.gradient_sum());
    });
  }
  return out;
}

TEST_CASE("transpose: values and gradient by hand, twice is the value again") {
  Tape tape;
  const Var x = tape.leaf(Tensor({2, 3}, {1, 2, 3, 4, 5, 6}));
  const Var y = transpose(x);
  const float want[] = {1, 4, 2, 5, 3, 6}, slopes[] = {1, 3, 5, 2, 4, 6};
  CHECK(y.shape() == Shape{3, 2});
  CHECK(std::ranges::equal(y.value().values(), want));
  tape.backward(y, Tensor({3, 2}, {1, 2, 3, 4, 5, 6}));
  CHECK(std::ranges::equal(x.gradient()->values(), slopes));
  Tensor large({65, 33});
  random_normal_initializer()(large.values(), 0, large.shape(), {1, 2});
  const Var z = tape.constant(large);
  CHECK(std::ranges::equal(transpose(transpose(z)).value().values(), large.values()));
  CHECK(same_for_threads(transpose, large));
}

TEST_CASE("transpose: nothing, and what is no matrix") {
  Tape tape;
  CHECK(transpose(tape.leaf(Tensor(Shape{0, 3}))).shape() == Shape{3, 0});
  CHECK_THROWS_AS(transpose(tape.leaf(Tensor::zeros({3}))), ValueError);
}

}  // namespace weft
