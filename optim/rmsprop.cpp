// rmsprop: rms += (1 - decay) * (g^2 - rms); momentum = mu * momentum + learning_rate * g / sqrt(rms + epsilon); value
// -= momentum; centered subtracts the squared mean gradient from rms.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/core/ops/ops.h>
#include <weft/optim/decay_clock.h>
#include <weft/optim/for_rows.h>

#include <cmath>
#include <cstring>

namespace weft {
namespace {

/// The rule with epsilon inside the root: v1's, and Keras' with momentum. Rows that are not touched stay.
void use_inner_epsilon(Optimizer& optimizer, float rho, float mu, float epsilon, bool centered) {
  optimizer.start = [=](StepStart& step) {
    step.numbers[1] = 1.0f - rho;
    step.numbers[2] = mu;
    step.numbers[3] = epsilon;
  };
  optimizer.rule =
      centered ? kernel_rule(&kernels::Rules::centered_rmsprop, 3) : kernel_rule(&kernels::Rules::rmsprop, 2);
}

/// Keras' without momentum: epsilon outside the root, and the means of every row decay in every step. They are brought
/// up to date where they are needed: decay_clock.h says why to the same bits.
void use_outer_epsilon(Optimizer& optimizer, float rho, float epsilon, bool centered) {
  optimizer.start = [=](StepStart& step) {
    step.numbers[1] = epsilon;
    write_decay(step.numbers + 2, rho, step.step);
  };
  optimizer.rule = centered ? kernel_rule(&kernels::Rules::keras_centered_rmsprop, 2)
                            : kernel_rule(&kernels::Rules::keras_rmsprop, 1);
  optimizer.identity = std::make_shared<int>();
  optimizer.replay_moves_values = false;
  optimizer.replay = [rho, means = centered ? 2 : 1](const DeferredRows::Missed& missed, const UpdateRows& arrays) {
    const DecayClock now = decay_clock(rho, missed.to);
    for_behind(missed, arrays, [&](int64_t row, int64_t from, auto) {
      const DecayClock old = decay_clock(rho, from);
      for (int i = 0; i < means; ++i) {
        kernels::best().decay(arrays.slots[i] + row * arrays.slot_strides[i], arrays.width, old.inverse, now.scale,
                              now.exponent - old.exponent);
      }
    });
  };
}

void check_decay(const char* where, const char* name, float decay) {
  if (decay >= 0.0f && decay <= 1.0f) return;
  throw ValueError(fmt::format("[{}] {} must be between 0 and 1: got {}. Try 0.9.", where, name, decay));
}

}  // namespace

Optimizer rmsprop(const RmspropOptions& options) {
  check_learning_rate("rmsprop", options.learning_rate);
  check_decay("rmsprop", "decay", options.decay);
  Optimizer optimizer;
  optimizer.name = "RMSProp";
  optimizer.learning_rate = options.learning_rate;
  // v1 numbers the slots as it makes them: the mean square, the mean, the momentum.
  optimizer.slots = {{"RMSProp", "rms", 1.0f}, {options.centered ? "RMSProp_2" : "RMSProp_1", "momentum"}};
  if (options.centered) optimizer.slots.push_back({"RMSProp_1", "mg"});
  use_inner_epsilon(optimizer, options.decay, options.momentum, options.epsilon, options.centered);
  return optimizer;
}

Optimizer keras_rmsprop(const KerasRmspropOptions& options) {
  check_learning_rate("keras_rmsprop", options.learning_rate);
  check_decay("keras_rmsprop", "rho", options.rho);
  if (!(options.momentum >= 0.0f && options.momentum <= 1.0f)) {
    throw ValueError(fmt::format(
        "[keras_rmsprop] momentum must be between [0, 1]. Received: momentum={} (of type float).", options.momentum));
  }
  Optimizer optimizer;
  optimizer.name = "RMSprop";
  optimizer.learning_rate = options.learning_rate;
  optimizer.slots = {{"RMSProp", "rms"}};
  if (options.momentum > 0.0f) optimizer.slots.push_back({options.centered ? "RMSProp_2" : "RMSProp_1", "momentum"});
  if (options.centered) optimizer.slots.push_back({"RMSProp_1", "mg"});
  if (options.momentum > 0.0f) {
    use_inner_epsilon(optimizer, options.rho, options.momentum, options.epsilon, options.centered);
  } else {
    use_outer_epsilon(optimizer, options.rho, options.epsilon, options.centered);
  }
  return optimizer;
}

TEST_CASE("rmsprop: v1's by hand, centered and with momentum") {
  for (const bool centered : {false, true}) {
    ParameterStore params;
    Parameter& b = params.add({.name = "b", .shape = {9}, .initializer = constant_initializer(1)});
    const Optimizer optimizer =
        rmsprop({.learning_rate = 0.1f, .decay = 0.8f, .momentum = 0.5f, .epsilon = 0.01f, .centered = centered});
    double rms = 1, mean = 0, momentum = 0, value = 1;
    for (const double g : {1.0, -0.5, 0.25}) {
      for (int k = 0; k < 9; ++k) b.add_to_gradient().data[k] = static_cast<float>(g);
      optimizer.step(params);
      rms += 0.2 * (g * g - rms);
      mean += 0.2 * (g - mean);
      momentum = 0.5 * momentum + 0.1 * g / std::sqrt(rms - (centered ? mean * mean : 0) + 0.01);
      value -= momentum;
      CHECK(b.value().data[8] == doctest::Approx(value));
      CHECK(b.slot("RMSProp").view.data[0] == doctest::Approx(rms));
    }
    CHECK(b.slot(centered ? "RMSProp_2" : "RMSProp_1").view.data[0] == doctest::Approx(momentum));
  }
  CHECK_THROWS_AS(rmsprop({.decay = 1.5f}), ValueError);
}

TEST_CASE("rmsprop: Keras' without momentum decays every row, with the bits of a dense update") {
  for (const bool centered : {false, true}) {
    const Optimizer optimizer = keras_rmsprop({.learning_rate = 0.01f, .rho = 0.95f, .centered = centered});
    ParameterStore rows, whole;
    const ParameterOptions options{
        .name = "t", .shape = {7, 5}, .initializer = random_normal_initializer(), .table = true};
    Parameter &table = rows.add(options), &dense = whole.add(options);
    for (int64_t step = 0; step < 1000; ++step) {
      const int64_t row = step < 7 ? step : step % 90 == 0 ? 3 : step % 2;
      Tensor dout({1, 5});
      random_normal_initializer()(dout.values(), 0, dout.shape(), {1, static_cast<uint64_t>(step)});
      Tape tape;
      tape.backward(embedding_lookup(tape, table, Ids{{0, 1}, {row}, {}}), dout);
      float* gradient = dense.add_to_gradient().data;
      std::memset(gradient, 0, 35 * sizeof(float));
      std::copy_n(dout.data(), 5, gradient + row * 5);
      optimizer.step(rows);
      optimizer.step(whole);
      if (step % 300 != 299) continue;
      for (size_t slot = 0; slot < table.slot_count(); ++slot) {
        for (int64_t i = 0; i < 7; ++i) {
          CHECK(std::ranges::equal(table.slot(slot).view.row(i), dense.slot(slot).view.row(i)));
          CHECK(std::ranges::equal(table.value().row(i), dense.value().row(i)));
        }
      }
    }
    CHECK(table.slot(0).view.row(6)[0] > 0.0f);
    CHECK(table.slot(0).view.row(6)[0] < 1e-15f);
  }
}

}  // namespace weft
