// reduce_sum: y = sum of x along an axis, dx = dy. reduce_mean: y = sum / n, dx = dy / n. reduce_max: y = the largest,
// dx = dy / (how many are the largest) at those.
#include <weft/core/error.h>
#include <weft/core/ops/column_sums.h>
#include <weft/core/ops/function_check.h>
#include <weft/core/ops/ops.h>
#include <weft/core/parallel.h>

#include <doctest/doctest.h>
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>

namespace weft {
namespace {

constexpr int64_t kGrain = 1 << 13;

/// x as [outer, n, inner], n along the axis; place (o, j, i) is (o n + j) inner + i.
struct Plan {
  int64_t outer = 1, n = 1, inner = 1;
  Shape out;
  /// Outer blocks that a thread handles at once.
  int64_t grain() const { return std::max<int64_t>(kGrain / std::max<int64_t>(n * inner, 1), 1); }
};

Plan plan_of(const char* op, const Shape& shape, int axis, const ReduceOptions& options) {
  const int rank = shape.rank(), at = axis < 0 ? axis + rank : axis;
  if (at < 0 || at >= rank) {
    throw ValueError("[" + std::string(op) + "] axis: got " + std::to_string(axis) + " for shape " + to_string(shape) +
                     ", expected one of its axes (-1 is the last).");
  }
  Plan plan;
  std::array<int64_t, Shape::kMaxRank> extents{};
  size_t kept = 0;
  for (int i = 0; i < rank; ++i) {
    (i < at ? plan.outer : i == at ? plan.n : plan.inner) *= shape[i];
    if (i != at || options.keepdims) extents[kept++] = i == at ? 1 : shape[i];
  }
  plan.out = Shape(std::span<const int64_t>(extents.data(), kept));
  return plan;
}

/// y = scale * sums, float64 inside.
void sum_axis(const Plan& plan, const float* x, double scale, float* y) {
  const auto [outer, n, inner, shape] = plan;
  if (outer == 1) {
    const Buffer sums =
        detail::column_sums(n, inner, [&, inner = inner](int64_t j, int64_t i) { return x[j * inner + i]; });
    for (int64_t i = 0; i < inner; ++i) y[i] = static_cast<float>(sums.as<double>()[i] * scale);
    return;
  }
  parallel_for(outer, plan.grain(), [&](int64_t begin, int64_t end) {
    for (int64_t o = begin; o < end; ++o) {
      for (int64_t i = 0; i < plan.inner; ++i) {
        double total = 0.0;
        for (int64_t j = 0; j < plan.n; ++j) total += x[(o * plan.n + j) * plan.inner + i];
        y[o * plan.inner + i] = static_cast<float>(total * scale);
      }
    }
  });
}

Var scaled_sum(const char* op, Var x, int axis, const ReduceOptions& options, bool mean) {
  const Plan plan = plan_of(op, x.shape(), axis, options);
  const double scale = mean ? 1.0 / static_cast<double>(plan.n) : 1.0;
  Var out = x.tape().make(plan.out);
  sum_axis(plan, x.value().data(), scale, out.value().data());
  if (!x.needs_gradient()) return out;
  x.tape().record(out, [x, out, plan, scale] {
    float* dx = x.gradient_sum();
    parallel_for(plan.outer, plan.grain(), [&, dy = out.gradient()->data()](int64_t begin, int64_t end) {
      for (int64_t o = begin; o < end; ++o) {
        for (int64_t j = 0; j < plan.n; ++j) {
          float* to = dx + (o * plan.n + j) * plan.inner;
          for (int64_t i = 0; i < plan.inner; ++i) to[i] += dy[o * plan.inner + i] * static_cast<float>(scale);
        }
      }
    });
  });
  return out;
}

/// The larger one; NaN if one is.
float larger(float a, float b) {
  return a > b || std::isnan(a) ? a : b;
}

/// Adds to the places of the largest numbers of one line.
void max_gradient(const Plan& plan, int64_t o, int64_t i, const float* x, float y, float dy, float* dx) {
  int64_t ties = 0;
  for (int64_t j = 0; j < plan.n; ++j) ties += x[(o * plan.n + j) * plan.inner + i] == y;
  for (int64_t j = 0; j < plan.n; ++j) {
    const int64_t place = (o * plan.n + j) * plan.inner + i;
    if (x[place] == y) dx[place] += dy / static_cast<float>(ties);
  }
}

}  // namespace

Var reduce_sum(Var x, int axis, const ReduceOptions& options) {
  return scaled_sum("reduce_sum", x, axis, options, false);
}

Var reduce_mean(Var x, int axis, const ReduceOptions& options) {
  return scaled_sum("reduce_mean", x, axis, options, true);
}

Var reduce_max(Var x, int axis, const ReduceOptions& options) {
  const Plan plan = plan_of("reduce_max", x.shape(), axis, options);
  Var out = x.tape().make(plan.out);
  out.value().fill(-std::numeric_limits<float>::infinity());
  parallel_for(plan.outer, plan.grain(),
               [&, in = x.value().data(), y = out.value().data()](int64_t begin, int64_t end) {
                 for (int64_t o = begin; o < end; ++o) {
                   for (int64_t j = 0; j < plan.n; ++j) {
                     for (int64_t i = 0; i < plan.inner; ++i) {
                       float& most = y[o * plan.inner + i];
                       most = larger(most, in[(o * plan.n + j) * plan.inner + i]);
                     }
                   }
                 }
               });
  if (!x.needs_gradient()) return out;
  x.tape().record(out, [x, out, plan] {
    float* dx = x.gradient_sum();
    const float *in = x.value().data(), *y = out.value().data(), *dy = out.gradient()->data();
    parallel_for(plan.outer, plan.grain(), [&](int64_t begin, int64_t end) {
      for (int64_t line = begin * plan.inner; line < end * plan.inner; ++line) {
        max_gradient(plan, line / plan.inner, line % plan.inner, in, y[line], dy[line], dx);
      }
    });
  });
  return out;
}

namespace {

bool equal(const Var& x, std::initializer_list<float> want) {
  return std::ranges::equal(x.value().values(), want);
}

}  // namespace

TEST_CASE("reduce by axis: values by hand along each axis, and their shapes") {
  Tape tape;
  const Var x = tape.leaf(Tensor({2, 3}, {1, 2, 3, 4, 5, 9}));
  CHECK(equal(reduce_sum(x, 0), {5, 7, 12}));
  CHECK(equal(reduce_sum(x, 1), {6, 18}));
  CHECK(equal(reduce_mean(x, -1), {2, 6}));
  CHECK(equal(reduce_max(x, 0), {4, 5, 9}));
  CHECK(equal(reduce_max(x, 1, {.keepdims = true}), {3, 9}));
  CHECK(reduce_max(x, 1, {.keepdims = true}).shape() == Shape{2, 1});
  CHECK(reduce_sum(x, 0).shape() == Shape{3});
  const Var deep = reshape(x, {1, 2, 3});
  CHECK(equal(reduce_sum(deep, 1), {5, 7, 12}));
  CHECK(reduce_sum(deep, -2, {.keepdims = true}).shape() == Shape{1, 1, 3});
}

TEST_CASE("reduce by axis: gradients against finite differences, ties share theirs") {
  Tensor x({3, 2, 4});
  random_normal_initializer()(x.values(), 0, x.shape(), {1, 2});
  for (const int axis : {0, 1, 2}) {
    CHECK(gradient_error([&](Var v) { return sum(square(reduce_sum(v, axis))); }, x) < 5e-3);
    CHECK(gradient_error([&](Var v) { return sum(square(reduce_mean(v, axis))); }, x) < 5e-3);
    CHECK(gradient_error([&](Var v) { return sum(square(reduce_max(v, axis))); }, x, 1e-3f) < 5e-3);
  }
  Tape tape;
  const Var v = tape.leaf(Tensor({3}, {5, 1, 5}));
  tape.backward(reduce_max(v, 0));
  const float want[] = {0.5f, 0, 0.5f};
  CHECK(std::ranges::equal(v.gradient()->values(), want));
}

TEST_CASE("reduce by axis: the same bits for any number of threads") {
  Tensor x({700, 50});
  random_normal_initializer()(x.values(), 0, x.shape(), {1, 2});
  for (const int axis : {0, 1}) {
    CHECK(same_for_threads([&](Var v) { return reduce_mean(v, axis); }, x));
    CHECK(same_for_threads([&](Var v) { return reduce_max(v, axis); }, x));
  }
}

TEST_CASE("reduce by axis: of nothing, of NaN, an axis that is not there") {
  Tape tape;
  const Var none = tape.leaf(Tensor(Shape{0, 2}));
  CHECK(equal(reduce_sum(none, 0), {0, 0}));
  CHECK(std::isnan(reduce_mean(none, 0).value()[1]));
  CHECK(reduce_max(none, 0).value()[0] == -INFINITY);
  CHECK(reduce_sum(none, 1).shape() == Shape{0});
  CHECK(std::isnan(reduce_max(tape.leaf(Tensor({3}, {1, NAN, 2})), 0).item()));
  CHECK_THROWS_AS(reduce_sum(none, 2), ValueError);
  CHECK_THROWS_AS(reduce_sum(none, -3), ValueError);
  CHECK_THROWS_AS(reduce_max(tape.leaf(Tensor({}, {1})), 0), ValueError);
}

}  // namespace weft
