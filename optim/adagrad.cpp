// adagrad: accumulator += g^2; value -= learning_rate * g / (sqrt(accumulator) + epsilon).
#include <weft/core/error.h>
#include <weft/core/kernels.h>
#include <weft/core/ops/ops.h>
#include <weft/core/parallel.h>
#include <weft/optim/for_rows.h>

#include <doctest/doctest.h>
#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

namespace weft {

Optimizer adagrad(const AdagradOptions& options) {
  // With epsilon the root may be 0, as Keras allows; without it the first update would divide by 0.
  const float first = options.initial_accumulator_value;
  if (options.epsilon > 0.0f ? !(first >= 0.0f) : !(first > 0.0f)) {
    throw ValueError(std::string("[adagrad] initial_accumulator_value must be ") +
                     (options.epsilon > 0.0f ? "non-negative" : "positive") + ": got " + std::to_string(first) + ".");
  }
  check_learning_rate("adagrad", options.learning_rate);
  Optimizer optimizer;
  optimizer.name = "Adagrad";
  optimizer.learning_rate = options.learning_rate;
  optimizer.slots = {{"Adagrad", "accumulator", options.initial_accumulator_value}};
  optimizer.start = [epsilon = options.epsilon](StepStart& step) { step.numbers[1] = epsilon; };
  optimizer.rule = kernel_rule(&kernels::Rules::adagrad, 1);
  return optimizer;
}

TEST_CASE("adagrad: two steps by hand") {
  ParameterStore params;
  Parameter& b = params.add({.name = "b", .shape = {1}, .initializer = constant_initializer(1)});
  const Optimizer optimizer = adagrad({.learning_rate = 0.1f});
  double value = 1, accumulator = 0.1;
  for (const float g : {2.0f, -1.0f}) {
    b.add_to_gradient().data[0] = g;
    optimizer.step(params);
    accumulator += g * g;
    value -= 0.1 * g / std::sqrt(accumulator);
    CHECK(b.value().data[0] == doctest::Approx(value));
    CHECK(b.slot("Adagrad").view.data[0] == doctest::Approx(accumulator));
  }
  CHECK_THROWS_AS(adagrad({.initial_accumulator_value = 0}), ValueError);
  CHECK_THROWS_AS(adagrad({.initial_accumulator_value = -1, .epsilon = 1e-7f}), ValueError);
  CHECK_NOTHROW(adagrad({.initial_accumulator_value = 0, .epsilon = 1e-7f}));
}

TEST_CASE("adagrad: rows and dense give the same result, for any threads") {
  for (const auto& [rows, D, bags] : {std::array<int64_t, 3>{5, 3, 10}, {3000, 32, 2000}}) {
    Ids ids;
    for (int64_t bag = 0; bag < bags; ++bag) {
      for (int64_t i = 0; i < bag % 5; ++i) ids.ids.push_back((bag * 37 + i * 11) % rows);
      ids.offsets.push_back(static_cast<int64_t>(ids.ids.size()));
    }
    Tensor dout({bags, D});
    random_normal_initializer()(dout.values(), 0, dout.shape(), {3, 4});
    std::vector<float> first;
    for (const int threads : {1, 2, 3}) {
      const ThreadLimit limit(threads);
      ParameterStore params;
      const ParameterOptions options{
          .name = "t", .shape = {rows, D}, .initializer = random_normal_initializer(), .table = true};
      Parameter& table = params.add(options);
      ParameterStore other;
      Parameter& dense = other.add(options);
      const Optimizer optimizer = adagrad();
      for (int step = 0; step < 2; ++step) {
        for (const bool as_rows : {true, false}) {
          Tape tape;
          Parameter& parameter = as_rows ? table : dense;
          tape.backward(embedding_lookup(tape, parameter, ids, {.combiner = Combiner::sum}), dout);
          if (!as_rows) {
            const auto sum = parameter.add_to_gradient();
            std::fill_n(sum.data, rows * D, 0.0f);
          }
          optimizer.step(as_rows ? params : other);
        }
      }
      std::vector<float> numbers;
      for (int64_t i = 0; i < rows; ++i) {
        for (int64_t k = 0; k < D; ++k) {
          numbers.push_back(table.value().row(i)[static_cast<size_t>(k)]);
          CHECK(dense.value().row(i)[static_cast<size_t>(k)] == numbers.back());
        }
      }
      if (threads == 1) first = numbers;
      CHECK(numbers == first);
    }
  }
}

}  // namespace weft
