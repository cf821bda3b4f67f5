// Dense: a fully connected layer.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/layers/dense.h>

namespace weft {

Dense::Dense(ParameterStore& params, const DenseOptions& options)
    : activation_(options.activation), precision_(options.precision) {
  if (options.name.empty()) throw ValueError("[Dense] name is empty. Give the layer a name for its parameters.");
  if (options.inputs < 1 || options.units < 1) {
    throw ValueError(
        fmt::format("[Dense] size of {}: got {} inputs and {} units, expected at least 1 of each. Give both.",
                    options.name, options.inputs, options.units));
  }
  NewParameters made(params);
  kernel_ = &params.add({.name = options.name + "/kernel",
                         .shape = {options.inputs, options.units},
                         .initializer = options.kernel_initializer});
  bias_ =
      &params.add({.name = options.name + "/bias", .shape = {options.units}, .initializer = options.bias_initializer});
  made.keep();
}

Var Dense::operator()(Var x) const {
  return linear(x, *kernel_, *bias_, activation_, precision_);
}

}  // namespace weft

TEST_CASE("dense: kernel and bias by hand, with and without relu") {
  using namespace weft;
  ParameterStore params;
  const DenseOptions options{.name = "hidden",
                             .inputs = 2,
                             .units = 2,
                             .kernel_initializer =
                                 [](std::span<float> out, int64_t first, const Shape&, const RandomStream&) {
                                   for (float& x : out) x = static_cast<float>(first++);
                                 },
                             .bias_initializer = constant_initializer(-10)};
  const Dense plain(params, options);
  CHECK(params.at("hidden/kernel").shape() == Shape{2, 2});
  CHECK(params.at("hidden/bias").shape() == Shape{2});
  Tape tape;
  const Var x = tape.constant(Tensor({1, 2}, {3, 4}));
  const Tensor& out = plain(x).value();  // [3 4] [[0 1] [2 3]] = [8 15]
  CHECK(out.shape() == Shape{1, 2});
  CHECK(out[0] == -2);
  CHECK(out[1] == 5);
  DenseOptions with_relu = options;
  with_relu.name = "other";
  with_relu.activation = relu;
  CHECK(Dense(params, with_relu)(x).value()[0] == 0);
}

TEST_CASE("dense: a name and sizes are needed, and a name once") {
  using namespace weft;
  ParameterStore params;
  CHECK_THROWS_AS(Dense(params, {.name = "", .inputs = 1, .units = 1}), ValueError);
  CHECK_THROWS_AS(Dense(params, {.name = "a", .inputs = 0, .units = 1}), ValueError);
  CHECK_THROWS_AS(Dense(params, {.name = "a", .inputs = 1, .units = 0}), ValueError);
  CHECK(params.size() == 0);
  const Dense a(params, {.name = "a", .inputs = 1, .units = 1});
  CHECK_THROWS_AS(Dense(params, {.name = "a", .inputs = 1, .units = 1}), ValueError);
  params.add({.name = "b/bias", .shape = {1}, .initializer = zeros_initializer()});
  CHECK_THROWS_AS(Dense(params, {.name = "b", .inputs = 1, .units = 1}), ValueError);
  CHECK(params.find("b/kernel") == nullptr);
}
