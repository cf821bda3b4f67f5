// The optimizers of a configuration: names, arguments, clipping, penalties.
#include "config_optimizer.h"

#include <fmt/format.h>

#include <algorithm>

using namespace weft;

namespace {

Optimizer read_sgd(Section& s) {
  SgdOptions options;
  read_learning_rate(s, "learning_rate", options.learning_rate);
  s.get("momentum", options.momentum);
  s.get("nesterov", options.nesterov);
  return sgd(options);
}

Optimizer read_momentum(Section& s) {
  MomentumOptions options;
  read_learning_rate(s, "learning_rate", options.learning_rate);
  s.get("momentum", options.momentum);
  s.get("use_nesterov", options.use_nesterov);
  return momentum(options);
}

template <class Options>
Options adagrad_options(Section& s) {
  Options options;
  read_learning_rate(s, "learning_rate", options.learning_rate);
  s.get("initial_accumulator_value", options.initial_accumulator_value);
  return options;
}

template <class Options>
void read_penalties(Section& s, Options& options) {
  s.get("l1_regularization_strength", options.l1_regularization_strength);
  s.get("l2_regularization_strength", options.l2_regularization_strength);
}

Optimizer read_adagrad(Section& s) {
  auto options = adagrad_options<AdagradOptions>(s);
  s.get("epsilon", options.epsilon);
  return adagrad(options);
}

Optimizer read_rowwise_adagrad(Section& s) {
  auto options = adagrad_options<RowwiseAdagradOptions>(s);
  s.get("epsilon", options.epsilon);
  return rowwise_adagrad(options);
}

Optimizer read_proximal_adagrad(Section& s) {
  auto options = adagrad_options<ProximalAdagradOptions>(s);
  read_penalties(s, options);
  return proximal_adagrad(options);
}

Optimizer read_proximal_gradient_descent(Section& s) {
  ProximalGradientDescentOptions options;
  read_learning_rate(s, "learning_rate", options.learning_rate);
  read_penalties(s, options);
  return proximal_gradient_descent(options);
}

Optimizer read_adagrad_da(Section& s) {
  AdagradDaOptions options;
  read_learning_rate(s, "learning_rate", options.learning_rate);
  s.get("initial_gradient_squared_accumulator_value", options.initial_gradient_squared_accumulator_value);
  read_penalties(s, options);
  return adagrad_da(options);
}

Optimizer read_adadelta(Section& s) {
  AdadeltaOptions options;
  read_learning_rate(s, "learning_rate", options.learning_rate);
  s.get("rho", options.rho);
  s.get("epsilon", options.epsilon);
  return adadelta(options);
}

Optimizer read_rmsprop(Section& s) {
  RmspropOptions options;
  read_learning_rate(s, "learning_rate", options.learning_rate);
  s.get("decay", options.decay);
  s.get("momentum", options.momentum);
  s.get("epsilon", options.epsilon);
  s.get("centered", options.centered);
  return rmsprop(options);
}

/// The arguments of Adam and its kin.
template <class Options>
Options adam_options(Section& s) {
  Options options;
  read_learning_rate(s, "learning_rate", options.learning_rate);
  s.get("beta1", options.beta1);
  s.get("beta2", options.beta2);
  s.get("epsilon", options.epsilon);
  return options;
}

Optimizer read_adam(Section& s) {
  auto options = adam_options<AdamOptions>(s);
  s.get("amsgrad", options.amsgrad);
  return adam(options);
}

Optimizer read_adamw(Section& s) {
  auto options = adam_options<AdamwOptions>(s);
  s.get("weight_decay", options.weight_decay);
  return adamw(options);
}

Optimizer read_lazy_adam(Section& s) {
  return lazy_adam(adam_options<LazyAdamOptions>(s));
}

Optimizer read_ftrl(Section& s) {
  auto options = adagrad_options<FtrlOptions>(s);
  s.get("learning_rate_power", options.learning_rate_power);
  read_penalties(s, options);
  s.get("l2_shrinkage_regularization_strength", options.l2_shrinkage_regularization_strength);
  s.get("beta", options.beta);
  return ftrl(options);
}

struct Kind {
  std::string name;
  Optimizer (*make)(Section& section);
};

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> all = {{"sgd", read_sgd},
                                        {"momentum", read_momentum},
                                        {"adagrad", read_adagrad},
                                        {"rowwise_adagrad", read_rowwise_adagrad},
                                        {"proximal_adagrad", read_proximal_adagrad},
                                        {"proximal_gradient_descent", read_proximal_gradient_descent},
                                        {"adagrad_da", read_adagrad_da},
                                        {"adadelta", read_adadelta},
                                        {"rmsprop", read_rmsprop},
                                        {"adam", read_adam},
                                        {"adamw", read_adamw},
                                        {"lazy_adam", read_lazy_adam},
                                        {"ftrl", read_ftrl}};
  return all;
}

void read_clip(Section& section, Optimizer& optimizer) {
  section.get("clipvalue", optimizer.clip.value);
  section.get("clipnorm", optimizer.clip.norm);
  section.get("global_clipnorm", optimizer.clip.global_norm);
  section.get("l1", optimizer.regularization.l1);
  section.get("l2", optimizer.regularization.l2);
  check_clip(optimizer.clip, optimizer.regularization);
}

}  // namespace

std::optional<Optimizer> read_optimizer(Section& parent, std::string_view key) {
  std::optional<NamedSection> part = named_section(parent, key, "an optimizer");
  std::optional<Optimizer> optimizer;
  if (!part) return optimizer;
  std::vector<std::string> names;
  for (const Kind& kind : kinds()) names.push_back(kind.name);
  std::string name;
  if (!part->section.choose("name", name, names)) return optimizer;
  const auto kind = std::ranges::find(kinds(), name, &Kind::name);
  attempt(part->section, "", [&] {
    Optimizer made = kind->make(part->section);
    read_clip(part->section, made);
    optimizer = std::move(made);
  });
  part->section.finish("the optimizer " + name);
  return optimizer;
}
