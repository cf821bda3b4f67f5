// proximal_adagrad: n += g^2; rate = learning_rate / sqrt(n); value = shrink(value - rate * g, rate * l1) / (1 + rate *
// l2), shrink(x, l) = sign(x) * max(|x| - l, 0).
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/core/ops/ops.h>
#include <weft/optim/for_rows.h>

#include <algorithm>
#include <cmath>

namespace weft {

Optimizer proximal_adagrad(const ProximalAdagradOptions& options) {
  check_learning_rate("proximal_adagrad", options.learning_rate);
  if (!(options.initial_accumulator_value > 0.0f)) {
    throw ValueError(fmt::format("[proximal_adagrad] initial_accumulator_value must be positive: {}.",
                                 options.initial_accumulator_value));
  }
  Optimizer optimizer;
  optimizer.name = "ProximalAdagrad";
  optimizer.learning_rate = options.learning_rate;
  optimizer.slots = {{"ProximalAdagrad", "accumulator", options.initial_accumulator_value}};
  optimizer.start = [o = options](StepStart& step) {
    step.numbers[1] = o.l1_regularization_strength;
    step.numbers[2] = o.l2_regularization_strength;
  };
  optimizer.rule = kernel_rule(&kernels::Rules::proximal_adagrad, 1);
  return optimizer;
}

TEST_CASE("proximal adagrad: three steps by hand, with penalties and without") {
  for (const double l1 : {0.0, 0.5}) {
    ParameterStore params;
    Parameter& b = params.add({.name = "b", .shape = {5}, .initializer = constant_initializer(1)});
    const Optimizer optimizer = proximal_adagrad({.learning_rate = 0.5f,
                                                  .l1_regularization_strength = static_cast<float>(l1),
                                                  .l2_regularization_strength = 0.25f});
    double n = 0.1, value = 1;
    for (const double g : {1.0, 2.0, -0.1}) {
      for (int k = 0; k < 5; ++k) b.add_to_gradient().data[k] = static_cast<float>(g);
      optimizer.step(params);
      n += g * g;
      const double rate = 0.5 / std::sqrt(n), moved = value - rate * g;
      value = std::copysign(std::max(std::abs(moved) - rate * l1, 0.0), moved) / (1 + rate * 0.25);
      CHECK(b.value().data[4] == doctest::Approx(value));
    }
  }
  CHECK_THROWS_WITH_AS(proximal_adagrad({.initial_accumulator_value = 0}),
                       doctest::Contains("initial_accumulator_value must be positive: 0"), ValueError);
}

}  // namespace weft
