// sgd: value -= learning_rate * gradient; with momentum as Keras has it.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/core/ops/ops.h>
#include <weft/optim/for_rows.h>

#include <algorithm>
#include <limits>
#include <span>

namespace weft {

Optimizer sgd(const SgdOptions& options) {
  check_learning_rate("sgd", options.learning_rate);
  if (!(options.momentum >= 0.0f && options.momentum <= 1.0f)) {
    throw ValueError(
        fmt::format("[sgd] momentum must be between [0, 1]. Received: momentum={} (of type float).", options.momentum));
  }
  Optimizer optimizer;
  optimizer.name = "SGD";
  optimizer.learning_rate = options.learning_rate;
  if (options.momentum > 0.0f) {
    optimizer.slots = {{"momentum", "momentum"}};
    optimizer.start = [mu = options.momentum](StepStart& step) { step.numbers[1] = mu; };
    optimizer.rule =
        kernel_rule(options.nesterov ? &kernels::Rules::keras_nesterov : &kernels::Rules::keras_momentum, 1);
    return optimizer;
  }
  optimizer.rule = kernel_rule(&kernels::Rules::gradient_descent, 0);
  return optimizer;
}

TEST_CASE("sgd: by hand, dense and rows, repeated rows once with their sum") {
  ParameterStore params;
  Parameter& dense = params.add({.name = "b", .shape = {2}, .initializer = constant_initializer(1)});
  Parameter& table = params.add({.name = "t", .shape = {3, 2}, .initializer = constant_initializer(1), .table = true});
  const auto sum_of = dense.add_to_gradient();
  sum_of.data[0] = 2;
  sum_of.data[1] = -4;
  Tape tape;
  const Var out = embedding_lookup(tape, table, Ids{{0, 2, 3}, {2, 2, 2}, {}}, {.combiner = Combiner::sum});
  tape.backward(out, Tensor({2, 2}, {1, 2, 3, 4}));
  const Optimizer optimizer = sgd({.learning_rate = 0.5f});
  optimizer.step(params);
  CHECK(dense.value().data[0] == 0);
  CHECK(dense.value().data[1] == 3);
  CHECK(table.value().row(1)[0] == 1);
  CHECK(table.value().row(2)[0] == 1 - 0.5f * 5);
  CHECK(table.value().row(2)[1] == 1 - 0.5f * 8);
  CHECK(params.global_step == 1);
  CHECK_FALSE(table.has_gradient());
  CHECK_THROWS_AS(sgd({.learning_rate = std::numeric_limits<float>::quiet_NaN()}), ValueError);
  CHECK_THROWS_WITH_AS(optimizer.step(params), doctest::Contains("No gradients provided"), ValueError);
  CHECK(dense.value().data[1] == 3);
}

TEST_CASE("sgd: Keras' momentum holds the rate of its time, by hand") {
  for (const bool nesterov : {false, true}) {
    ParameterStore params;
    Parameter& b = params.add({.name = "b", .shape = {5}, .initializer = constant_initializer(1)});
    const Optimizer optimizer = sgd({.learning_rate = 0.5f, .momentum = 0.5f, .nesterov = nesterov});
    for (int i = 0; i < 2; ++i) {
      std::ranges::fill(std::span(b.add_to_gradient().data, 5), 1.0f);
      optimizer.step(params);
    }
    // momentum: -0.5, -0.75
    CHECK(b.slot("momentum").view.data[4] == -0.75f);
    CHECK(b.value().data[4] == (nesterov ? 1 - 0.75f - 0.875f : 1 - 0.5f - 0.75f));
  }
  CHECK_THROWS_WITH_AS(sgd({.momentum = 1.5f}), doctest::Contains("momentum must be between [0, 1]"), ValueError);
}

}  // namespace weft
