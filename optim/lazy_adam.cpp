// lazy_adam: Adam's update of the touched rows, nothing for the others; the rate's correction counts all steps.
#include <doctest/doctest.h>
#include <weft/core/error.h>
#include <weft/core/ops/ops.h>
#include <weft/optim/adam_deferred.h>
#include <weft/optim/for_rows.h>

#include <cmath>

namespace weft {

Optimizer lazy_adam(const LazyAdamOptions& options) {
  check_adam("lazy_adam", options.learning_rate, {options.beta1, options.beta2, options.epsilon, 0.0f});
  Optimizer optimizer;
  optimizer.name = "Adam";
  optimizer.learning_rate = options.learning_rate;
  optimizer.slots = {{"Adam", "m"}, {"Adam_1", "v"}};
  optimizer.scalars = {{"beta1_power", options.beta1}, {"beta2_power", options.beta2}};
  optimizer.start = [o = options](StepStart& step) {
    const float rate = adam_rate(step, o.beta1, o.beta2);
    const float numbers[] = {rate, o.epsilon, o.beta1, 1.0f - o.beta1, o.beta2, 1.0f - o.beta2};
    std::copy(std::begin(numbers), std::end(numbers), step.numbers);
  };
  optimizer.rule = kernel_rule(&kernels::Rules::lazy_adam, 2);
  return optimizer;
}

TEST_CASE("lazy adam: only touched rows move; a dense parameter moves as Adam's") {
  ParameterStore params;
  Parameter& table = params.add({.name = "t", .shape = {3, 1}, .initializer = zeros_initializer(), .table = true});
  Parameter& dense = params.add({.name = "b", .shape = {1}, .initializer = zeros_initializer()});
  const Optimizer optimizer = lazy_adam({.learning_rate = 0.1f});
  float after_first = 0;
  for (const int64_t row : {1, 2, 2}) {
    Tape tape;
    tape.backward(embedding_lookup(tape, table, Ids{{0, 1}, {row}, {}}), Tensor({1, 1}, {2}));
    dense.add_to_gradient().data[0] = 2;
    optimizer.step(params);
    if (row == 1) after_first = table.value().row(1)[0];
  }
  CHECK(after_first == doctest::Approx(-0.1));
  CHECK(table.value().row(1)[0] == after_first);
  CHECK(table.slot("Adam").view.row(1)[0] == doctest::Approx(0.2));
  CHECK(table.value().row(0)[0] == 0);
  CHECK(dense.value().data[0] == doctest::Approx(-0.3).epsilon(1e-4));
  // Second and third step: the rate's correction is that of steps 2 and 3, m and v those of a first and second
  // gradient.
  const double m = 0.2, v = 0.004;
  const auto rate = [](int step) { return 0.1 * std::sqrt(1 - std::pow(0.999, step)) / (1 - std::pow(0.9, step)); };
  CHECK(table.value().row(2)[0] ==
        doctest::Approx(-rate(2) * m / std::sqrt(v) - rate(3) * (0.9 * m + 0.2) / std::sqrt(0.999 * v + 0.004))
            .epsilon(1e-4));
}

}  // namespace weft
