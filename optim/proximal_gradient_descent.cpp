// proximal_gradient_descent: value = shrink(value - learning_rate * g, learning_rate * l1) / (1 + learning_rate * l2),
// shrink(x, l) = sign(x) * max(|x| - l, 0).
#include <doctest/doctest.h>
#include <weft/core/error.h>
#include <weft/core/ops/ops.h>
#include <weft/optim/for_rows.h>

namespace weft {

Optimizer proximal_gradient_descent(const ProximalGradientDescentOptions& options) {
  check_learning_rate("proximal_gradient_descent", options.learning_rate);
  Optimizer optimizer;
  optimizer.name = "ProximalGradientDescent";
  optimizer.learning_rate = options.learning_rate;
  optimizer.start = [o = options](StepStart& step) {
    step.numbers[1] = o.l1_regularization_strength;
    step.numbers[2] = o.l2_regularization_strength;
  };
  optimizer.rule = kernel_rule(&kernels::Rules::proximal_gradient_descent, 0);
  return optimizer;
}

TEST_CASE("proximal gradient descent: by hand, on both sides of 0 and within l1 of it") {
  ParameterStore params;
  Parameter& b = params.add({.name = "b", .shape = {3}, .initializer = zeros_initializer()});
  b.add_to_gradient().data[0] = 4;
  b.add_to_gradient().data[1] = -4;
  b.add_to_gradient().data[2] = 1;
  proximal_gradient_descent({.learning_rate = 0.5f, .l1_regularization_strength = 2, .l2_regularization_strength = 2})
      .step(params);
  CHECK(b.value().data[0] == -0.5f);
  CHECK(b.value().data[1] == 0.5f);
  CHECK(b.value().data[2] == 0.0f);
}

}  // namespace weft
