// LayerNorm: parameters and options for the op.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/layers/layer_norm.h>

namespace weft {

LayerNorm::LayerNorm(ParameterStore& params, const LayerNormLayerOptions& options)
    : options_{.epsilon = options.epsilon} {
  if (options.name.empty()) throw ValueError("[LayerNorm] name is empty. Give the layer a name for its parameters.");
  if (options.units < 1 || !(options.epsilon >= 0.0f)) {
    throw ValueError(fmt::format(
        "[LayerNorm] {}: got {} units and epsilon {}, expected at least 1 unit and an epsilon of 0 or more.",
        options.name, options.units, options.epsilon));
  }
  gamma_ = &params.add({.name = options.name + "/gamma", .shape = {options.units}, .initializer = ones_initializer()});
  beta_ = &params.add({.name = options.name + "/beta", .shape = {options.units}, .initializer = zeros_initializer()});
}

Var LayerNorm::operator()(Var x) const {
  return layer_norm(x, *gamma_, *beta_, options_);
}

}  // namespace weft

TEST_CASE("layer norm layer: two parameters, rows of mean 0 and variance 1") {
  using namespace weft;
  ParameterStore params;
  const LayerNorm norm(params, {.name = "norm", .units = 2});
  CHECK(params.at("norm/gamma").value().data[1] == 1);
  CHECK(params.at("norm/beta").value().data[1] == 0);
  Tape tape;
  const Tensor& y = norm(tape.leaf(Tensor({1, 2}, {10, 30}))).value();
  CHECK(y[0] == doctest::Approx(-1).epsilon(1e-4));
  CHECK(y[1] == doctest::Approx(1).epsilon(1e-4));
}

TEST_CASE("layer norm layer: options that can't be") {
  using namespace weft;
  ParameterStore params;
  CHECK_THROWS_AS(LayerNorm(params, {.name = "", .units = 1}), ValueError);
  CHECK_THROWS_AS(LayerNorm(params, {.name = "a", .units = 0}), ValueError);
  CHECK_THROWS_AS(LayerNorm(params, {.name = "a", .units = 1, .epsilon = -1}), ValueError);
}
