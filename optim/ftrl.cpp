// ftrl: linear += g' - (n'^p - n^p) / learning_rate * value, n' = n + g^2, p = -learning_rate_power; value =
// (sign(linear)
// * l1 - linear) / (n'^p / learning_rate + 2 * l2) where |linear| > l1, else 0. g' = g + 2 * l2_shrinkage * value.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/core/ops/ops.h>
#include <weft/optim/for_rows.h>

#include <cmath>

namespace weft {

Optimizer ftrl(const FtrlOptions& options) {
  check_learning_rate("ftrl", options.learning_rate);
  check_not_negative("ftrl", "initial_accumulator_value", options.initial_accumulator_value);
  check_not_negative("ftrl", "l1_regularization_strength", options.l1_regularization_strength);
  check_not_negative("ftrl", "l2_regularization_strength", options.l2_regularization_strength);
  check_not_negative("ftrl", "l2_shrinkage_regularization_strength", options.l2_shrinkage_regularization_strength);
  check_not_negative("ftrl", "beta", options.beta);
  if (!(options.learning_rate_power <= 0.0f)) {
    throw ValueError(
        fmt::format("[ftrl] learning_rate_power {0} needs to be negative or zero. Received: "
                    "learning_rate_power={0}.",
                    options.learning_rate_power));
  }
  Optimizer optimizer;
  optimizer.name = "Ftrl";
  optimizer.learning_rate = options.learning_rate;
  optimizer.slots = {{"Ftrl", "accumulator", options.initial_accumulator_value}, {"Ftrl_1", "linear"}};
  optimizer.start = [o = options](StepStart& step) {
    step.numbers[1] = -o.learning_rate_power;
    step.numbers[2] = o.l1_regularization_strength;
    step.numbers[3] = o.l2_regularization_strength + o.beta / (2.0f * step.learning_rate);
    step.numbers[4] = 2.0f * o.l2_shrinkage_regularization_strength;
  };
  optimizer.rule = kernel_rule(&kernels::Rules::ftrl, 2);
  return optimizer;
}

TEST_CASE("ftrl: two steps by hand, for several powers and penalties") {
  for (const FtrlOptions& o :
       {FtrlOptions{.learning_rate = 0.2f},
        FtrlOptions{.learning_rate = 0.2f, .l1_regularization_strength = 0.3f, .l2_regularization_strength = 0.2f},
        FtrlOptions{.learning_rate = 0.2f, .learning_rate_power = -0.7f, .beta = 0.4f},
        FtrlOptions{
            .learning_rate = 0.2f, .learning_rate_power = 0.0f, .l2_shrinkage_regularization_strength = 0.5f}}) {
    ParameterStore params;
    Parameter& b = params.add({.name = "b", .shape = {5}, .initializer = constant_initializer(0.5f)});
    const Optimizer optimizer = ftrl(o);
    double n = 0.1, linear = 0, value = 0.5;
    for (const double g : {1.5, -0.25}) {
      for (int k = 0; k < 5; ++k) b.add_to_gradient().data[k] = static_cast<float>(g);
      optimizer.step(params);
      const double p = -o.learning_rate_power, sum = n + g * g, l1 = o.l1_regularization_strength;
      linear +=
          g + 2 * o.l2_shrinkage_regularization_strength * value - (std::pow(sum, p) - std::pow(n, p)) / 0.2 * value;
      n = sum;
      const double l2 = o.l2_regularization_strength + o.beta / 0.4;
      value = std::abs(linear) > l1 ? ((linear < 0 ? -l1 : l1) - linear) / (std::pow(n, p) / 0.2 + 2 * l2) : 0;
      CHECK(b.value().data[4] == doctest::Approx(value));
      CHECK(b.slot("Ftrl").view.data[0] == doctest::Approx(n));
      CHECK(b.slot("Ftrl_1").view.data[0] == doctest::Approx(linear));
    }
  }
}

TEST_CASE(
    "ftrl: a row that only a gradient of zero touches becomes 0; bad arguments are refused in TensorFlow's words") {
  ParameterStore params;
  Parameter& table =
      params.add({.name = "t", .shape = {2, 1}, .initializer = constant_initializer(0.5f), .table = true});
  Tape tape;
  tape.backward(embedding_lookup(tape, table, Ids{{0, 1}, {1}, {}}), Tensor({1, 1}, {0}));
  ftrl().step(params);
  CHECK(table.value().row(1)[0] == 0.0f);
  CHECK(table.value().row(0)[0] == 0.5f);
  CHECK_THROWS_WITH_AS(ftrl({.learning_rate_power = 0.5f}),
                       doctest::Contains("learning_rate_power 0.5 needs to be negative or zero"), ValueError);
  CHECK_THROWS_WITH_AS(ftrl({.l1_regularization_strength = -1}),
                       doctest::Contains("l1_regularization_strength -1 needs to be positive or zero"), ValueError);
  CHECK_THROWS_AS(ftrl({.initial_accumulator_value = -1}), ValueError);
}

}  // namespace weft
