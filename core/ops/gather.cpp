// gather: y[i] = x[ids[i]]; dx[ids[i]] += dy[i].
#include <weft/core/error.h>
#include <weft/core/ops/function_check.h>
#include <weft/core/ops/ops.h>
#include <weft/core/parallel.h>

#include <doctest/doctest.h>
#include <algorithm>
#include <string>

namespace weft {
namespace {

constexpr int64_t kRows = 256;
/// Columns whose gradient a thread adds up: rows are read more than once, columns are nobody else's.
constexpr int64_t kColumns = 16;

void check(const Shape& shape, std::span<const int64_t> ids) {
  if (shape.rank() != 2) throw ValueError("[gather] x: got shape " + to_string(shape) + ", expected [rows, width].");
  for (size_t i = 0; i < ids.size(); ++i) {
    if (ids[i] >= 0 && ids[i] < shape[0]) continue;
    throw ValueError("[gather] indices[" + std::to_string(i) + "] = " + std::to_string(ids[i]) + " is not in [0, " +
                     std::to_string(shape[0]) + ").");
  }
}

}  // namespace

Var gather(Var x, std::span<const int64_t> ids) {
  check(x.shape(), ids);
  const auto n = static_cast<int64_t>(ids.size());
  const int64_t W = x.shape()[1];
  Var out = x.tape().make({n, W});
  parallel_for(n, kRows, [&, in = x.value().data(), y = out.value().data()](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) std::copy_n(in + ids[static_cast<size_t>(i)] * W, W, y + i * W);
  });
  if (!x.needs_gradient()) return out;
  const Buffer kept(ids.size_bytes());
  std::ranges::copy(ids, kept.as<int64_t>());
  x.tape().record(out, [x, out, kept, n, W] {
    const float* dy = out.gradient()->data();
    float* dx = x.gradient_sum();
    parallel_for(W, kColumns, [&](int64_t begin, int64_t end) {
      for (int64_t i = 0; i < n; ++i) {
        float* row = dx + kept.as<int64_t>()[i] * W;
        for (int64_t k = begin; k < end; ++k) row[k] += dy[i * W + k];
      }
    });
  });
  return out;
}

TEST_CASE("gather: rows by hand, a repeated one gets both gradients") {
  Tape tape;
  const Var x = tape.leaf(Tensor({3, 2}, {1, 2, 3, 4, 5, 6}));
  const int64_t ids[] = {2, 0, 2};
  const Var y = gather(x, ids);
  const float want[] = {5, 6, 1, 2, 5, 6}, slopes[] = {3, 4, 0, 0, 6, 8};
  CHECK(std::ranges::equal(y.value().values(), want));
  tape.backward(y, Tensor({3, 2}, {1, 2, 3, 4, 5, 6}));
  CHECK(std::ranges::equal(x.gradient()->values(), slopes));
}

TEST_CASE("gather: gradient against finite differences, threads, ids that are not there") {
  std::vector<int64_t> ids(1000);
  for (size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<int64_t>(i * i % 7);
  Tensor x({7, 40});
  random_normal_initializer()(x.values(), 0, x.shape(), {1, 2});
  CHECK(same_for_threads([&](Var v) { return gather(v, ids); }, x));
  const int64_t few[] = {1, 1, 0};
  CHECK(gradient_error([&](Var v) { return sum(square(gather(v, few))); }, Tensor({2, 2}, {1, 2, -1, 0.5f})) < 1e-2);
  Tape tape;
  const Var v = tape.leaf(x);
  CHECK(gather(v, {}).shape() == Shape{0, 40});
  const int64_t above[] = {7}, below[] = {0, -1};
  CHECK_THROWS_WITH_AS(gather(v, above), doctest::Contains("indices[0] = 7 is not in [0, 7)"), ValueError);
  CHECK_THROWS_AS(gather(v, below), ValueError);
}

}  // namespace weft
