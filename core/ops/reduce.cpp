// sum: y = sum of x, dx = dy. mean: y = sum of x / n, dx = dy / n.
#include <weft/core/ops/ops.h>

#include <doctest/doctest.h>
#include <cmath>

namespace weft {
namespace {

/// scale * (sum of x), added in float64 so that long sums keep their digits.
Var scaled_sum(Var x, double scale) {
  Var out = x.tape().make({});
  double total = 0.0;
  for (const float number : x.value().values()) total += number;
  out.value()[0] = static_cast<float>(total * scale);
  if (x.needs_gradient()) {
    x.tape().record(out, [x, out, scale] {
      const auto dy = static_cast<float>(out.gradient()->item() * scale);
      float* dx = x.gradient_sum();
      for (int64_t i = 0; i < x.value().size(); ++i) dx[i] += dy;
    });
  }
  return out;
}

}  // namespace

Var sum(Var x) {
  return scaled_sum(x, 1.0);
}

Var mean(Var x) {
  return scaled_sum(x, 1.0 / static_cast<double>(x.value().size()));
}

TEST_CASE("sum and mean: values and gradients by hand") {
  Tape tape;
  const Var x = tape.leaf(Tensor({2, 2}, {1, 2, 3, 4}));
  CHECK(sum(x).item() == 10);
  const Var y = mean(x);
  CHECK(y.item() == 2.5f);
  tape.backward(y);
  CHECK((*x.gradient())[3] == 0.25f);
}

TEST_CASE("sum and mean: of nothing") {
  Tape tape;
  const Var x = tape.leaf(Tensor(Shape{0}));
  CHECK(sum(x).item() == 0);
  CHECK(std::isnan(mean(x).item()));
}

}  // namespace weft
