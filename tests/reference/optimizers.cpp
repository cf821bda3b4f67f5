// Optimizers: TensorFlow's classes and their defaults.
#include "optimizers.h"

#include <weft/estimator/naming.h>

#include <algorithm>
#include <optional>
#include <set>
#include <vector>

#include "report.h"
#include "unsupported.h"

namespace weft::reference {
namespace {

// What a class's arguments ask for, with that class's defaults.
struct Arguments {
  const Json& json;
  bool keras;

  bool has(const char* key) const { return json.contains(key) && !json.at(key).is_null(); }
  float operator()(const char* key, float fallback) const { return has(key) ? json.at(key).get<float>() : fallback; }
  bool flag(const char* key) const { return has(key) && json.at(key).get<bool>(); }
  std::optional<float> optional(const char* key) const {
    return has(key) ? std::optional((*this)(key, 0.0f)) : std::nullopt;
  }
  // v1's optimizers have no default rate, but for Adam and Adadelta; a case always gives one.
  LearningRate rate(float v1_default, float keras_default) const {
    const float first = (*this)("learning_rate", keras ? keras_default : v1_default), decay = (*this)("decay", 0.0f);
    if (!keras || decay == 0.0f) return first;
    return inverse_time_decay({.initial_learning_rate = first, .decay_rate = decay});
  }
};

Optimizer make_momentum(const Arguments& of) {
  return momentum({.learning_rate = of.rate(0.05f, 0.0f),
                   .momentum = of("momentum", 0.9f),
                   .use_nesterov = of.flag("use_nesterov")});
}

Optimizer make_sgd(const Arguments& of) {
  return sgd(
      {.learning_rate = of.rate(0.05f, 0.01f), .momentum = of("momentum", 0.0f), .nesterov = of.flag("nesterov")});
}

Optimizer make_adagrad(const Arguments& of) {
  return adagrad({.learning_rate = of.rate(0.05f, 0.001f),
                  .initial_accumulator_value = of("initial_accumulator_value", 0.1f),
                  .epsilon = of.keras ? of("epsilon", 1e-7f) : 0.0f});
}

Optimizer make_adagrad_da(const Arguments& of) {
  return adagrad_da(
      {.learning_rate = of.rate(0.05f, 0.0f),
       .initial_gradient_squared_accumulator_value = of("initial_gradient_squared_accumulator_value", 0.1f),
       .l1_regularization_strength = of("l1_regularization_strength", 0.0f),
       .l2_regularization_strength = of("l2_regularization_strength", 0.0f)});
}

Optimizer make_adam(const Arguments& of) {
  return adam({.learning_rate = of.rate(0.001f, 0.001f),
               .beta1 = of(of.keras ? "beta_1" : "beta1", 0.9f),
               .beta2 = of(of.keras ? "beta_2" : "beta2", 0.999f),
               .epsilon = of("epsilon", of.keras ? 1e-7f : 1e-8f),
               .amsgrad = of.flag("amsgrad")});
}

Optimizer make_adadelta(const Arguments& of) {
  return adadelta({.learning_rate = of.rate(0.001f, 0.001f),
                   .rho = of("rho", 0.95f),
                   .epsilon = of("epsilon", of.keras ? 1e-7f : 1e-8f)});
}

Optimizer make_ftrl(const Arguments& of) {
  return ftrl({.learning_rate = of.rate(0.05f, 0.001f),
               .learning_rate_power = of("learning_rate_power", -0.5f),
               .initial_accumulator_value = of("initial_accumulator_value", 0.1f),
               .l1_regularization_strength = of("l1_regularization_strength", 0.0f),
               .l2_regularization_strength = of("l2_regularization_strength", 0.0f),
               .l2_shrinkage_regularization_strength = of("l2_shrinkage_regularization_strength", 0.0f),
               .beta = of("beta", 0.0f)});
}

Optimizer make_rmsprop(const Arguments& of) {
  if (of.keras) {
    return keras_rmsprop({.learning_rate = of.rate(0.0f, 0.001f),
                          .rho = of("rho", 0.9f),
                          .momentum = of("momentum", 0.0f),
                          .epsilon = of("epsilon", 1e-7f),
                          .centered = of.flag("centered")});
  }
  return rmsprop({.learning_rate = of.rate(0.05f, 0.0f),
                  .decay = of("decay", 0.9f),
                  .momentum = of("momentum", 0.0f),
                  .epsilon = of("epsilon", 1e-10f),
                  .centered = of.flag("centered")});
}

Optimizer make_proximal_adagrad(const Arguments& of) {
  return proximal_adagrad({.learning_rate = of.rate(0.05f, 0.0f),
                           .initial_accumulator_value = of("initial_accumulator_value", 0.1f),
                           .l1_regularization_strength = of("l1_regularization_strength", 0.0f),
                           .l2_regularization_strength = of("l2_regularization_strength", 0.0f)});
}

Optimizer make_proximal_gradient_descent(const Arguments& of) {
  return proximal_gradient_descent({.learning_rate = of.rate(0.05f, 0.0f),
                                    .l1_regularization_strength = of("l1_regularization_strength", 0.0f),
                                    .l2_regularization_strength = of("l2_regularization_strength", 0.0f)});
}

struct Class {
  std::string_view name;
  Optimizer (*make)(const Arguments&);
  // The arguments of its own, beside those of all.
  std::set<std::string> arguments;
};

const std::vector<Class>& classes() {
  static const std::vector<Class> all = {
      {"Adadelta", make_adadelta, {"rho", "epsilon"}},
      {"Adagrad", make_adagrad, {"initial_accumulator_value", "epsilon"}},
      {"AdagradDA",
       make_adagrad_da,
       {"initial_gradient_squared_accumulator_value", "l1_regularization_strength", "l2_regularization_strength"}},
      {"Adam", make_adam, {"beta1", "beta2", "beta_1", "beta_2", "epsilon", "amsgrad"}},
      {"Ftrl",
       make_ftrl,
       {"learning_rate_power", "initial_accumulator_value", "l1_regularization_strength", "l2_regularization_strength",
        "l2_shrinkage_regularization_strength", "beta"}},
      {"GradientDescent", make_sgd, {}},
      {"Momentum", make_momentum, {"momentum", "use_nesterov"}},
      {"ProximalAdagrad",
       make_proximal_adagrad,
       {"initial_accumulator_value", "l1_regularization_strength", "l2_regularization_strength"}},
      {"ProximalGradientDescent",
       make_proximal_gradient_descent,
       {"l1_regularization_strength", "l2_regularization_strength"}},
      {"RMSProp", make_rmsprop, {"decay", "momentum", "epsilon", "centered"}},
      {"RMSprop", make_rmsprop, {"rho", "momentum", "epsilon", "centered"}},
      {"SGD", make_sgd, {"momentum", "nesterov"}},
  };
  return all;
}

void require_arguments(const Class& of, const Json& arguments, bool keras) {
  static const std::set<std::string> always = {"kind", "learning_rate", "name", "use_locking"};
  static const std::set<std::string> of_keras = {"decay", "clipvalue", "clipnorm", "global_clipnorm"};
  for (const auto& [key, value] : arguments.items()) {
    if (always.contains(key) || of.arguments.contains(key) || (keras && of_keras.contains(key))) continue;
    if (!value.is_null()) throw Unsupported("the runner has no argument " + key + " of " + std::string(of.name));
  }
}

}  // namespace

Optimizer make_optimizer(const std::string& api, const std::string& kind, const Json& arguments) {
  const bool keras = api != "v1";
  const std::string name = kind.substr(0, kind.find("Optimizer"));
  const auto found = std::ranges::find(classes(), name, &Class::name);
  if (found == classes().end()) throw Unsupported("the runner has no optimizer " + kind);
  require_arguments(*found, arguments, keras);
  const Arguments given{arguments, keras};
  Optimizer optimizer = found->make(given);
  if (!keras) return optimizer;
  optimizer.clip = {.value = given.optional("clipvalue"),
                    .norm = given.optional("clipnorm"),
                    .global_norm = given.optional("global_clipnorm"),
                    .per_lookup = true};
  check_clip(optimizer.clip, optimizer.regularization);
  return optimizer;
}

Optimizer named_optimizer(const std::string& api, const std::string& name) {
  // Whether there is such an optimizer; the names of its variables are compared elsewhere.
  optimizer_names(api == "v1" ? NamingScheme::v1 : NamingScheme::v2, name);
  const Json rate = api == "v1" ? Json{{"learning_rate", 0.05}} : Json::object();
  if (api == "v1") return make_optimizer(api, name == "SGD" ? "GradientDescentOptimizer" : name, rate);
  return make_optimizer(api, name == "RMSProp" ? "RMSprop" : name, rate);
}

}  // namespace weft::reference
