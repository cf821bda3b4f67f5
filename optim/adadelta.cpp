// adadelta: a = rho * a + (1 - rho) * g^2; update = sqrt(u + epsilon) / sqrt(a + epsilon) * g; value -= learning_rate *
// update; u = rho * u + (1 - rho) * update^2.
#include <doctest/doctest.h>
#include <weft/core/error.h>
#include <weft/core/ops/ops.h>
#include <weft/optim/for_rows.h>

#include <cmath>

namespace weft {

Optimizer adadelta(const AdadeltaOptions& options) {
  check_learning_rate("adadelta", options.learning_rate);
  Optimizer optimizer;
  optimizer.name = "Adadelta";
  optimizer.learning_rate = options.learning_rate;
  optimizer.slots = {{"Adadelta", "accum_grad"}, {"Adadelta_1", "accum_var"}};
  optimizer.start = [o = options](StepStart& step) {
    step.numbers[1] = o.rho;
    step.numbers[2] = o.epsilon;
  };
  optimizer.rule = kernel_rule(&kernels::Rules::adadelta, 2);
  return optimizer;
}

TEST_CASE("adadelta: three steps by hand") {
  ParameterStore params;
  Parameter& b = params.add({.name = "b", .shape = {6}, .initializer = constant_initializer(1)});
  const Optimizer optimizer = adadelta({.learning_rate = 0.5f, .rho = 0.9f, .epsilon = 1e-4f});
  double a = 0, u = 0, value = 1;
  for (const double g : {1.0, -0.5, 2.0}) {
    for (int k = 0; k < 6; ++k) b.add_to_gradient().data[k] = static_cast<float>(g);
    optimizer.step(params);
    a = 0.9 * a + 0.1 * g * g;
    const double update = std::sqrt(u + 1e-4) / std::sqrt(a + 1e-4) * g;
    u = 0.9 * u + 0.1 * update * update;
    value -= 0.5 * update;
    CHECK(b.value().data[5] == doctest::Approx(value));
    CHECK(b.slot("Adadelta_1").view.data[5] == doctest::Approx(u));
  }
}

}  // namespace weft
