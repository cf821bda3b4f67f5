// momentum: momentum = mu * momentum + g; value -= learning_rate * momentum (nesterov: learning_rate * (g + mu *
// momentum)).
#include <doctest/doctest.h>
#include <weft/core/error.h>
#include <weft/core/ops/ops.h>
#include <weft/optim/for_rows.h>

#include <algorithm>
#include <span>

namespace weft {

Optimizer momentum(const MomentumOptions& options) {
  check_learning_rate("momentum", options.learning_rate);
  Optimizer optimizer;
  optimizer.name = "Momentum";
  optimizer.learning_rate = options.learning_rate;
  optimizer.slots = {{"Momentum", "momentum"}};
  optimizer.start = [mu = options.momentum](StepStart& step) { step.numbers[1] = mu; };
  optimizer.rule = kernel_rule(options.use_nesterov ? &kernels::Rules::nesterov : &kernels::Rules::momentum, 1);
  return optimizer;
}

TEST_CASE("momentum: two steps by hand; rows that are not touched keep their momentum") {
  for (const bool nesterov : {false, true}) {
    ParameterStore params;
    Parameter& b = params.add({.name = "b", .shape = {5}, .initializer = constant_initializer(1)});
    Parameter& table =
        params.add({.name = "t", .shape = {3, 2}, .initializer = constant_initializer(1), .table = true});
    const Optimizer optimizer = momentum({.learning_rate = 0.5f, .momentum = 0.5f, .use_nesterov = nesterov});
    for (const int64_t row : {1, 2}) {
      std::ranges::fill(std::span(b.add_to_gradient().data, 5), 1.0f);
      Tape tape;
      tape.backward(embedding_lookup(tape, table, Ids{{0, 1}, {row}, {}}), Tensor({1, 2}, {1, 2}));
      optimizer.step(params);
    }
    // momentum: 1, 1.5
    CHECK(b.slot("Momentum").view.data[0] == 1.5f);
    CHECK(b.value().data[4] == (nesterov ? 1 - 0.5f * 1.5f - 0.5f * 1.75f : 1 - 0.5f - 0.75f));
    CHECK(table.slot("Momentum").view.row(1)[1] == 2.0f);
    CHECK(table.value().row(1)[1] == (nesterov ? 1 - 0.5f * 3 : 0.0f));
    CHECK(table.value().row(0)[1] == 1.0f);
  }
}

}  // namespace weft
