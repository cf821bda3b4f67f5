// adam, adamw: m += (1 - beta1) * (g - m); v += (1 - beta2) * (g^2 - v); value -= rate * m / (sqrt(v) + epsilon), where
// rate = learning_rate * sqrt(1 - beta2^step) / (1 - beta1^step).
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/core/ops/ops.h>
#include <weft/optim/adam_deferred.h>
#include <weft/optim/decay_clock.h>
#include <weft/optim/for_rows.h>

#include <cmath>
#include <vector>

namespace weft {

void check_adam(const char* where, const LearningRate& learning_rate, const AdamNumbers& n) {
  check_learning_rate(where, learning_rate);
  for (const auto& [name, beta] : {std::pair("beta1", n.beta1), std::pair("beta2", n.beta2)}) {
    if (beta >= 0.0f && beta <= 1.0f) continue;
    throw ValueError(fmt::format("[{}] {} must be between 0 and 1: got {}. Try 0.9 and 0.999.", where, name, beta));
  }
  if (!(n.epsilon > 0.0f) || !std::isfinite(n.epsilon)) {
    throw ValueError(fmt::format("[{}] epsilon must be positive: got {}. Try 1e-8.", where, n.epsilon));
  }
}

float adam_rate(StepStart& step, float beta1, float beta2) {
  const auto count = static_cast<float>(step.step);
  float power1 = std::pow(beta1, count), power2 = std::pow(beta2, count);
  // v1 keeps the powers as variables, multiplied once a step.
  if (step.scalars[0] != nullptr) {
    power1 = *step.scalars[0];
    power2 = *step.scalars[1];
    *step.scalars[0] *= beta1;
    *step.scalars[1] *= beta2;
  }
  return step.learning_rate * std::sqrt(1.0f - power2) / (1.0f - power1);
}

namespace {

Optimizer make(const LearningRate& learning_rate, const AdamNumbers& n, bool amsgrad) {
  Optimizer optimizer;
  optimizer.name = "Adam";
  optimizer.learning_rate = learning_rate;
  optimizer.slots = {{"Adam", "m"}, {"Adam_1", "v"}};
  if (amsgrad) optimizer.slots.push_back({"Adam_2", "vhat"});
  optimizer.scalars = {{"beta1_power", n.beta1}, {"beta2_power", n.beta2}};
  optimizer.start = [n, chunk = adam_chunk(n)](StepStart& step) {
    const DecayClock first = decay_clock(n.beta1, step.step), second = decay_clock(n.beta2, step.step);
    // m and v are taken at the start of the chunk of steps.
    const int64_t place = step.step % chunk.length;
    const DecayClock start1 = decay_clock(n.beta1, step.step - place), start2 = decay_clock(n.beta2, step.step - place);
    const float rate = adam_rate(step, n.beta1, n.beta2);
    const float numbers[] = {rate * std::ldexp(first.scale, first.exponent - start1.exponent),
                             step.learning_rate * n.weight_decay,
                             std::abs(rate),
                             first.scale,
                             second.scale,
                             static_cast<float>(first.exponent),
                             static_cast<float>(second.exponent),
                             n.epsilon};
    std::copy(std::begin(numbers), std::end(numbers), step.numbers);
    write_decay(step.numbers + 8, n.beta1, step.step);
    write_decay(step.numbers + 13, n.beta2, step.step);
    const float of_chunk[] = {start2.scale, static_cast<float>(start2.exponent - second.exponent),
                              static_cast<float>(start1.exponent - first.exponent), chunk.bend[place],
                              chunk.curve[place]};
    std::copy(std::begin(of_chunk), std::end(of_chunk), step.numbers + 18);
  };
  optimizer.rule = kernel_rule(amsgrad                 ? &kernels::Rules::amsgrad
                               : n.weight_decay > 0.0f ? &kernels::Rules::adamw
                                                       : &kernels::Rules::adam,
                               optimizer.slots.size());
  defer_adam(optimizer, n);
  return optimizer;
}

}  // namespace

Optimizer adam(const AdamOptions& options) {
  const AdamNumbers numbers{options.beta1, options.beta2, options.epsilon, 0.0f};
  check_adam("adam", options.learning_rate, numbers);
  return make(options.learning_rate, numbers, options.amsgrad);
}

Optimizer adamw(const AdamwOptions& options) {
  const AdamNumbers numbers{options.beta1, options.beta2, options.epsilon, options.weight_decay};
  check_adam("adamw", options.learning_rate, numbers);
  check_not_negative("adamw", "weight_decay", options.weight_decay);
  return make(options.learning_rate, numbers, false);
}

TEST_CASE("adam: ten steps as the formula says in double precision; v1's powers are kept") {
  for (const bool amsgrad : {false, true}) {
    for (const float weight_decay : {0.0f, 0.1f}) {
      if (amsgrad && weight_decay > 0) continue;
      ParameterStore params;
      Parameter& b = params.add({.name = "b", .shape = {11}, .initializer = constant_initializer(0.5f)});
      const Optimizer optimizer =
          weight_decay > 0
              ? adamw({.learning_rate = 0.1f, .weight_decay = weight_decay, .beta1 = 0.8f, .beta2 = 0.9f})
              : adam({.learning_rate = 0.1f, .beta1 = 0.8f, .beta2 = 0.9f, .epsilon = 1e-7f, .amsgrad = amsgrad});
      double value = 0.5, m = 0, v = 0, largest = 0;
      for (int step = 1; step <= 10; ++step) {
        const double g = std::sin(step);
        for (int k = 0; k < 11; ++k) b.add_to_gradient().data[k] = static_cast<float>(g);
        optimizer.step(params);
        m += 0.2 * (g - m);
        v += 0.1 * (g * g - v);
        largest = amsgrad ? std::max(largest, v) : v;
        value -= 0.1 * weight_decay * value;
        value -= 0.1 * std::sqrt(1 - std::pow(0.9, step)) / (1 - std::pow(0.8, step)) * m / (std::sqrt(largest) + 1e-7);
        CHECK(b.value().data[0] == doctest::Approx(value).epsilon(1e-5));
        CHECK(b.value().data[10] == b.value().data[0]);
        CHECK(b.slot("Adam").view.data[3] == doctest::Approx(m).epsilon(1e-5));
        CHECK(b.slot("Adam_1").view.data[3] == doctest::Approx(v).epsilon(1e-5));
      }
      CHECK(params.scalar("beta1_power", 0) == doctest::Approx(std::pow(0.8, 11)));
    }
  }
  CHECK_THROWS_AS(adam({.beta1 = 1.5f}), ValueError);
  CHECK_THROWS_AS(adam({.epsilon = 0.0f}), ValueError);
  CHECK_THROWS_AS(adamw({.weight_decay = -1.0f}), ValueError);
}

TEST_CASE("adam: without v1's scalars the powers come from the step, to the same values") {
  std::vector<float> values;
  for (const bool keras : {false, true}) {
    ParameterStore params;
    Parameter& b = params.add({.name = "b", .shape = {1}, .initializer = zeros_initializer()});
    const Optimizer optimizer = keras ? with_keras_names(adam()) : adam();
    for (int step = 0; step < 20; ++step) {
      b.add_to_gradient().data[0] = static_cast<float>(step % 3);
      optimizer.step(params);
    }
    values.push_back(b.value().data[0]);
    CHECK(b.has_slot(keras ? "m" : "Adam"));
    CHECK(params.scalars().size() == (keras ? 0 : 2));
  }
  CHECK(values[0] == doctest::Approx(values[1]).epsilon(1e-5));
}

}  // namespace weft
