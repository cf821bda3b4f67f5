// rowwise_adagrad: accumulator of a row += mean(g^2); value -= learning_rate * g / (sqrt(accumulator) + epsilon).
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/core/ops/ops.h>
#include <weft/core/parallel.h>
#include <weft/optim/for_rows.h>

#include <cmath>
#include <vector>

namespace weft {

Optimizer rowwise_adagrad(const RowwiseAdagradOptions& options) {
  check_learning_rate("rowwise_adagrad", options.learning_rate);
  if (!(options.initial_accumulator_value >= 0.0f && options.initial_accumulator_value + options.epsilon > 0.0f)) {
    throw ValueError(fmt::format("[rowwise_adagrad] initial_accumulator_value must be non-negative: {}.",
                                 options.initial_accumulator_value));
  }
  Optimizer optimizer;
  optimizer.name = "Adagrad";
  optimizer.learning_rate = options.learning_rate;
  optimizer.slots = {{"Adagrad", "accumulator", options.initial_accumulator_value, true}};
  optimizer.start = [epsilon = options.epsilon](StepStart& step) { step.numbers[1] = epsilon; };
  optimizer.rule = [](const UpdateRows& u) {
    const kernels::Rules& rules = kernels::best().rules;
    run_rule(u, 1, u.table ? rules.rowwise_adagrad : rules.adagrad);
  };
  return optimizer;
}

TEST_CASE("rowwise adagrad: one accumulator a row of a table, by hand, the same bits in every set of kernels") {
  for (const int64_t D : {3, 20, 67}) {
    ParameterStore params;
    Parameter& table =
        params.add({.name = "t", .shape = {3, D}, .initializer = constant_initializer(1), .table = true});
    Parameter& dense = params.add({.name = "b", .shape = {2}, .initializer = constant_initializer(1)});
    Tensor dout({1, D});
    random_normal_initializer()(dout.values(), 0, dout.shape(), {1, 2});
    dense.add_to_gradient().data[0] = 3;
    dense.add_to_gradient().data[1] = 0;
    Tape tape;
    tape.backward(embedding_lookup(tape, table, Ids{{0, 1}, {1}, {}}), dout);
    rowwise_adagrad({.learning_rate = 0.1f}).step(params);
    double squares = 0;
    for (const float g : dout.values()) squares += static_cast<double>(g) * g;
    const double accumulator = 0.1 + squares / static_cast<double>(D);
    CHECK(table.slot("Adagrad").shape == Shape{3});
    CHECK(table.slot("Adagrad").view.row(1)[0] == doctest::Approx(accumulator));
    CHECK(table.slot("Adagrad").view.row(2)[0] == 0.1f);
    CHECK(table.value().row(1)[2] == doctest::Approx(1 - 0.1 * dout[2] / std::sqrt(accumulator)));
    CHECK(dense.value().data[0] == doctest::Approx(1 - 0.1 * 3 / std::sqrt(9.1)));
    CHECK(dense.value().data[1] == 1.0f);
    float sums[2] = {0.1f, 0.1f};
    for (int set = 0; set < 2; ++set) {
      std::vector<float> value(static_cast<size_t>(D), 1.0f);
      const float numbers[] = {0.1f, 1e-10f};
      const auto& kernels = set == 0 ? kernels::best() : kernels::plain();
      kernels.rules.rowwise_adagrad({{value.data(), &sums[set]}, {D, 1}, nullptr, dout.data(), D, 1, D, numbers});
    }
    CHECK(sums[0] == sums[1]);
  }
  CHECK_THROWS_AS(rowwise_adagrad({.initial_accumulator_value = -1}), ValueError);
}

}  // namespace weft
