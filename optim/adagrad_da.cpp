// adagrad_da: s += g; n += g^2; value = -learning_rate * shrink(s, l1 * step) / (l2 * step * learning_rate + sqrt(n)).
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/core/ops/ops.h>
#include <weft/optim/for_rows.h>

#include <algorithm>
#include <cmath>

namespace weft {

Optimizer adagrad_da(const AdagradDaOptions& options) {
  check_learning_rate("adagrad_da", options.learning_rate);
  if (!(options.initial_gradient_squared_accumulator_value > 0.0f)) {
    throw ValueError(fmt::format("[adagrad_da] initial_gradient_squared_accumulator_value must be positive: {}.",
                                 options.initial_gradient_squared_accumulator_value));
  }
  Optimizer optimizer;
  optimizer.name = "AdagradDA";
  optimizer.learning_rate = options.learning_rate;
  optimizer.slots = {
      {"AdagradDA", "gradient_accumulator"},
      {"AdagradDA_1", "gradient_squared_accumulator", options.initial_gradient_squared_accumulator_value}};
  optimizer.start = [o = options](StepStart& step) {
    step.numbers[1] = o.l1_regularization_strength;
    step.numbers[2] = o.l2_regularization_strength;
    step.numbers[3] = static_cast<float>(step.step);
  };
  optimizer.rule = kernel_rule(&kernels::Rules::adagrad_da, 2);
  return optimizer;
}

TEST_CASE("adagrad_da: three steps by hand") {
  for (const double l1 : {0.0, 0.25}) {
    ParameterStore params;
    Parameter& b = params.add({.name = "b", .shape = {7}, .initializer = constant_initializer(1)});
    const Optimizer optimizer = adagrad_da({.learning_rate = 0.5f,
                                            .l1_regularization_strength = static_cast<float>(l1),
                                            .l2_regularization_strength = 0.1f});
    double s = 0, n = 0.1;
    int step = 0;
    for (const double g : {1.0, -0.5, -2.0}) {
      for (int k = 0; k < 7; ++k) b.add_to_gradient().data[k] = static_cast<float>(g);
      optimizer.step(params);
      ++step;
      s += g;
      n += g * g;
      const double shrunk = std::copysign(std::max(std::abs(s) - l1 * step, 0.0), s);
      CHECK(b.value().data[6] == doctest::Approx(-0.5 * shrunk / (0.1 * step * 0.5 + std::sqrt(n))));
    }
  }
  CHECK_THROWS_AS(adagrad_da({.initial_gradient_squared_accumulator_value = 0}), ValueError);
}

}  // namespace weft
