// BatchNorm: parameters and options for the op.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/layers/batch_norm.h>

namespace weft {

BatchNorm::BatchNorm(ParameterStore& params, const BatchNormLayerOptions& options)
    : options_{.momentum = options.momentum, .epsilon = options.epsilon} {
  if (options.name.empty()) throw ValueError("[BatchNorm] name is empty. Give the layer a name for its parameters.");
  if (options.units < 1) {
    throw ValueError(fmt::format("[BatchNorm] units of {}: got {}, expected at least 1. Give the input's width.",
                                 options.name, options.units));
  }
  if (!(options.momentum >= 0.0 && options.momentum <= 1.0) || !(options.epsilon >= 0.0f)) {
    throw ValueError(fmt::format(
        "[BatchNorm] {}: got momentum {} and epsilon {}, expected a momentum in [0, 1] and an epsilon of 0 or more.",
        options.name, options.momentum, options.epsilon));
  }
  const auto add = [&](const char* name, const Initializer& initializer, bool trainable) {
    return &params.add({.name = fmt::format("{}/{}", options.name, name),
                        .shape = {options.units},
                        .initializer = initializer,
                        .trainable = trainable});
  };
  gamma_ = add("gamma", ones_initializer(), true);
  beta_ = add("beta", zeros_initializer(), true);
  moving_mean_ = add("moving_mean", zeros_initializer(), false);
  moving_variance_ = add("moving_variance", ones_initializer(), false);
}

Var BatchNorm::operator()(Var x) const {
  return batch_norm(x, *gamma_, *beta_, *moving_mean_, *moving_variance_, options_);
}

}  // namespace weft

TEST_CASE("batch norm layer: parameters by TensorFlow's names, a step on a batch") {
  using namespace weft;
  ParameterStore params;
  const BatchNorm norm(params, {.name = "batchnorm_0", .units = 2, .momentum = 0.5});
  CHECK(params.size() == 4);
  CHECK(params.at("batchnorm_0/gamma").value().data[1] == 1);
  CHECK(params.at("batchnorm_0/beta").trainable());
  CHECK_FALSE(params.at("batchnorm_0/moving_mean").trainable());
  Tape tape;
  const Var y = norm(tape.leaf(Tensor({2, 2}, {0, 1, 4, 1})));
  CHECK(y.value()[0] == doctest::Approx(-1).epsilon(1e-3));
  CHECK(y.value()[1] == 0);
  tape.backward(y, Tensor({2, 2}, {1, 1, 1, 1}));
  CHECK(params.at("batchnorm_0/moving_mean").value().data[0] == 1);
  CHECK(params.at("batchnorm_0/moving_variance").value().data[0] == 2.5f);
  CHECK(params.at("batchnorm_0/moving_variance").value().data[1] == 0.5f);
}

TEST_CASE("batch norm layer: options that can't be") {
  using namespace weft;
  ParameterStore params;
  CHECK_THROWS_AS(BatchNorm(params, {.name = "", .units = 1}), ValueError);
  CHECK_THROWS_AS(BatchNorm(params, {.name = "a", .units = 0}), ValueError);
  CHECK_THROWS_AS(BatchNorm(params, {.name = "a", .units = 1, .momentum = 1.5}), ValueError);
  CHECK_THROWS_AS(BatchNorm(params, {.name = "a", .units = 1, .epsilon = -1}), ValueError);
  CHECK(params.size() == 0);
}
