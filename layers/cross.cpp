// Cross: the parameters of each kind, and the ops.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/core/ops/gradient_check.h>
#include <weft/layers/cross.h>

#include <utility>

namespace weft {

namespace {

void check(const CrossOptions& options) {
  if (options.name.empty()) throw ValueError("[Cross] name is empty. Give the layer a name for its parameters.");
  if (options.width < 1) {
    throw ValueError(fmt::format("[Cross] width of {}: got {}, expected at least 1. Give the input's width.",
                                 options.name, options.width));
  }
  const int64_t most = options.kind == CrossOptions::Kind::matrix ? options.width : 0;
  if (options.projection_dim >= 0 && options.projection_dim <= most) return;
  throw ValueError(
      fmt::format("[Cross] projection_dim of {}: got {}, expected a number in [0, {}]. Only a matrix can be projected.",
                  options.name, options.projection_dim, most));
}

}  // namespace

Cross::Cross(ParameterStore& params, const CrossOptions& options) : kind_(options.kind) {
  check(options);
  const auto add = [&](const char* name, const Shape& shape, const Initializer& initializer) {
    return &params.add({.name = fmt::format("{}/{}", options.name, name), .shape = shape, .initializer = initializer});
  };
  const int64_t width = options.width, inner = options.projection_dim > 0 ? options.projection_dim : width;
  if (options.projection_dim > 0) projection_ = add("projection", {width, inner}, options.kernel_initializer);
  const Shape kernel = kind_ == CrossOptions::Kind::vector ? Shape{width, 1} : Shape{inner, width};
  kernel_ = add("kernel", kernel, options.kernel_initializer);
  bias_ = add("bias", {width}, options.bias_initializer);
}

Var Cross::operator()(Var x0, Var x) const {
  Tape& tape = x.tape();
  if (kind_ == CrossOptions::Kind::vector) {
    const Var product = mul(x0, matmul(x, read_value(tape, *kernel_)));
    return add(add(product, read_value(tape, *bias_)), x);
  }
  const Var inner = projection_ ? matmul(x, read_value(tape, *projection_)) : x;
  return add(mul(x0, linear(inner, *kernel_, *bias_)), x);
}

}  // namespace weft

namespace {

using namespace weft;

/// 1, 2, 3 ...
Initializer counting() {
  return [](std::span<float> out, int64_t first, const Shape&, const RandomStream&) {
    for (float& x : out) x = static_cast<float>(++first);
  };
}

}  // namespace

TEST_CASE("cross: both kinds by hand") {
  ParameterStore params;
  CrossOptions options{.name = "vector",
                       .width = 2,
                       .kind = CrossOptions::Kind::vector,
                       .kernel_initializer = counting(),
                       .bias_initializer = constant_initializer(10)};
  const Cross vector(params, options);
  options.name = "matrix";
  options.kind = CrossOptions::Kind::matrix;
  const Cross matrix(params, options);
  options.name = "projected";
  options.projection_dim = 1;
  const Cross projected(params, options);
  Tape tape;
  const Var x0 = tape.constant(Tensor({1, 2}, {2, 3})), x = tape.constant(Tensor({1, 2}, {1, -1}));
  const Tensor a = vector(x0, x).value();  // x . [1 2] = -1
  CHECK(a[0] == 2 * -1 + 10 + 1);
  CHECK(a[1] == 3 * -1 + 10 - 1);
  const Tensor b = matrix(x0, x).value();  // x [[1 2] [3 4]] + 10 = [8 8]
  CHECK(b[0] == 2 * 8 + 1);
  CHECK(b[1] == 3 * 8 - 1);
  const Tensor c = projected(x0, x).value();  // x . [1 2] = -1, times [1 2], + 10 = [9 8]
  CHECK(c[0] == 2 * 9 + 1);
  CHECK(c[1] == 3 * 8 - 1);
  CHECK(params.at("projected/projection").shape() == Shape{2, 1});
}

TEST_CASE("cross: gradients against finite differences, two layers on one input") {
  for (const auto& [kind, projection] :
       {std::pair{CrossOptions::Kind::vector, 0}, {CrossOptions::Kind::matrix, 0}, {CrossOptions::Kind::matrix, 2}}) {
    ParameterStore params;
    CrossOptions options{.name = "cross_0",
                         .width = 3,
                         .kind = kind,
                         .projection_dim = projection,
                         .kernel_initializer = random_normal_initializer({.stddev = 0.5f}),
                         .bias_initializer = random_normal_initializer()};
    const Cross first(params, options);
    options.name = "cross_1";
    const Cross second(params, options);
    Tensor x({2, 3});
    random_normal_initializer()(x.values(), 0, x.shape(), {1, 2});
    const auto loss = [&](Var v) { return mean(second(v, first(v, v))); };
    CHECK(gradient_error(loss, x, 3e-3f) < 1e-2);
    for (Parameter& parameter : params) {
      CHECK(gradient_error([&](Tape& tape) { return loss(tape.leaf(x)); }, parameter, 3e-3f) < 1e-2);
    }
  }
}

TEST_CASE("cross: options that can't be") {
  ParameterStore params;
  CHECK_THROWS_AS(Cross(params, {.name = "", .width = 2}), ValueError);
  CHECK_THROWS_AS(Cross(params, {.name = "a", .width = 0}), ValueError);
  CHECK_THROWS_AS(Cross(params, {.name = "a", .width = 2, .projection_dim = 3}), ValueError);
  CHECK_THROWS_AS(Cross(params, {.name = "a", .width = 2, .kind = CrossOptions::Kind::vector, .projection_dim = 1}),
                  ValueError);
  CHECK(params.size() == 0);
}
