// gelu: y = x P(x), P the normal distribution; dx = dy (P(x) + x p(x)), p its density. gelu_approximate: by tanh.
#include <weft/core/ops/function_check.h>
#include <weft/core/ops/ops.h>
#include <weft/core/ops/unary.h>

#include <doctest/doctest.h>
#include <cmath>

namespace weft {

Var gelu(Var x) {
  return detail::unary(x, kernels::functions().gelu);
}

Var gelu_approximate(Var x) {
  return detail::unary(x, kernels::functions().gelu_tanh);
}

namespace {

/// The probability below x.
double normal(double x) {
  return 0.5 * std::erfc(-x / std::sqrt(2.0));
}

double by_tanh(double x) {
  const double z = std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x);
  return x / (1 + std::exp(-2 * z));
}

}  // namespace

TEST_CASE("gelu: values, also far below 0 where almost nothing is left, and the derivative") {
  const auto formula = [](double x) { return x * normal(x); };
  CHECK(error_in_ulp(gelu, formula, -1, 10) < 4);
  CHECK(error_in_ulp(gelu, formula, -12, -1) < 32);
  const auto derivative = [](double x) { return normal(x) + x * std::exp(-x * x / 2) / std::sqrt(2 * M_PI); };
  CHECK(slope_error(gelu, derivative, -12, 12) < 1e-6);
  Tape tape;
  CHECK(gelu(tape.leaf(Tensor({1}, {-100}))).item() == 0);
  CHECK(gelu(tape.leaf(Tensor({1}, {100}))).item() == 100);
}

TEST_CASE("gelu_approximate: values and derivative") {
  CHECK(error_in_ulp(gelu_approximate, by_tanh, -1, 10) < 4);
  CHECK(error_in_ulp(gelu_approximate, by_tanh, -7, -1) < 100);
  const auto derivative = [](double x) { return (by_tanh(x + 1e-5) - by_tanh(x - 1e-5)) / 2e-5; };
  CHECK(slope_error(gelu_approximate, derivative, -12, 12) < 2e-6);
  Tape tape;
  const Var x = tape.leaf(Tensor({2}, {-1e30f, 1e30f}));
  const Var y = gelu_approximate(x);
  tape.backward(y, Tensor({2}, {1, 1}));
  CHECK(y.value()[1] == 1e30f);
  CHECK((*x.gradient())[0] == 0);
  CHECK((*x.gradient())[1] == 1);
}

}  // namespace weft
