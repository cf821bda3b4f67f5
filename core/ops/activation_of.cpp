// activation_of: the names of the activations.
#include <weft/core/error.h>
#include <weft/core/ops/activations.h>

#include <doctest/doctest.h>
#include <string>
#include <utility>

namespace weft {
namespace {

constexpr std::pair<std::string_view, Activation> kNames[] = {
    {"linear", nullptr},   {"relu", relu},  {"relu6", relu6}, {"leaky_relu", leaky_relu},
    {"elu", elu},          {"selu", selu},  {"gelu", gelu},   {"gelu_approximate", gelu_approximate},
    {"swish", swish},      {"silu", swish}, {"tanh", tanh},   {"sigmoid", sigmoid},
    {"softplus", softplus}};

}  // namespace

Activation activation_of(std::string_view name) {
  std::string known;
  for (const auto& [known_name, activation] : kNames) {
    if (name == known_name) return activation;
    known += (known.empty() ? "" : ", ") + std::string(known_name);
  }
  throw ValueError("[activation_of] there is no activation of this name: got '" + std::string(name) + "', expected " +
                   known + ".");
}

TEST_CASE("activation_of: names, and the error for another") {
  const auto is = [](const char* name, Activation activation) { return activation_of(name) == activation; };
  CHECK(is("relu", relu));
  CHECK(is("silu", swish));
  CHECK(is("tanh", tanh));
  CHECK(is("linear", nullptr));
  CHECK_THROWS_WITH_AS(activation_of("Relu"), doctest::Contains("got 'Relu', expected linear, relu, relu6"),
                       ValueError);
}

}  // namespace weft
