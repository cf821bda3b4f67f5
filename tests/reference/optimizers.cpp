// Optimizers: TensorFlow's classes and their defaults.
#include "optimizers.h"

#include <weft/estimator/naming.h>

#include <algorithm>
#include <set>

#include "report.h"
#include "unsupported.h"

namespace weft::reference {
namespace {

float number(const Json& arguments, const char* key, float fallback) {
  return arguments.contains(key) ? arguments.at(key).get<float>() : fallback;
}

// v1's optimizers have no default rate; a case always gives one, but for Adam's family.
float rate(const std::string& api, const Json& arguments, float keras_default) {
  return number(arguments, "learning_rate", api == "v1" ? 0.05f : keras_default);
}

// Arguments that ask for more than the rules that are built; at 0 or false they ask for nothing.
void require_arguments(const Json& arguments) {
  static const std::set<std::string> built = {"kind",    "learning_rate", "initial_accumulator_value",
                                              "epsilon", "name",          "use_locking"};
  for (const auto& [key, value] : arguments.items()) {
    if (built.contains(key) || value.is_null() || value == 0 || value == false) continue;
    require("optimizer." + key);
    throw Unsupported("the runner has no argument " + key + " of optimizers");
  }
}

}  // namespace

void require_optimizer(const std::string& kind) {
  std::string name = kind.substr(0, kind.find("Optimizer"));
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
  if (name.starts_with("proximal")) name = "proximal";
  require("optimizer." + name);
}

Optimizer make_optimizer(const std::string& api, const std::string& kind, const Json& arguments) {
  require_optimizer(kind);
  require_arguments(arguments);
  const bool keras = api != "v1";
  if (kind == "SGD" || kind == "GradientDescentOptimizer") return sgd({.learning_rate = rate(api, arguments, 0.01f)});
  if (kind == "Adagrad" || kind == "AdagradOptimizer") {
    return adagrad({.learning_rate = rate(api, arguments, 0.001f),
                    .initial_accumulator_value = number(arguments, "initial_accumulator_value", 0.1f),
                    .epsilon = keras ? number(arguments, "epsilon", 1e-7f) : 0.0f});
  }
  throw Unsupported("the runner has no optimizer " + kind);
}

Optimizer named_optimizer(const std::string& api, const std::string& name) {
  // Whether there is such an optimizer; the names of its variables are compared elsewhere.
  optimizer_names(api == "v1" ? NamingScheme::v1 : NamingScheme::v2, name);
  const Json rate = api == "v1" ? Json{{"learning_rate", 0.05}} : Json::object();
  return make_optimizer(api, name == "SGD" && api == "v1" ? "GradientDescentOptimizer" : name, rate);
}

}  // namespace weft::reference
