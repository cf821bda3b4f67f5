// The learning rates of a configuration: numbers and schedules.
#include "config_optimizer.h"

#include <algorithm>

using namespace weft;

namespace {

template <class Options>
Options decay(Section& section) {
  Options options;
  section.require("initial_learning_rate", options.initial_learning_rate);
  return options;
}

LearningRate read_exponential(Section& section) {
  auto options = decay<ExponentialDecayOptions>(section);
  section.require("decay_steps", options.decay_steps);
  section.require("decay_rate", options.decay_rate);
  section.get("staircase", options.staircase);
  return exponential_decay(options);
}

LearningRate read_inverse_time(Section& section) {
  auto options = decay<InverseTimeDecayOptions>(section);
  section.require("decay_steps", options.decay_steps);
  section.require("decay_rate", options.decay_rate);
  section.get("staircase", options.staircase);
  return inverse_time_decay(options);
}

LearningRate read_polynomial(Section& section) {
  auto options = decay<PolynomialDecayOptions>(section);
  section.require("decay_steps", options.decay_steps);
  section.get("end_learning_rate", options.end_learning_rate);
  section.get("power", options.power);
  section.get("cycle", options.cycle);
  return polynomial_decay(options);
}

LearningRate read_cosine(Section& section) {
  auto options = decay<CosineDecayOptions>(section);
  section.require("decay_steps", options.decay_steps);
  section.get("alpha", options.alpha);
  return cosine_decay(options);
}

LearningRate read_cosine_restarts(Section& section) {
  auto options = decay<CosineDecayRestartsOptions>(section);
  section.require("first_decay_steps", options.first_decay_steps);
  section.get("t_mul", options.t_mul);
  section.get("m_mul", options.m_mul);
  section.get("alpha", options.alpha);
  return cosine_decay_restarts(options);
}

LearningRate read_piecewise(Section& section) {
  PiecewiseConstantOptions options;
  section.require("boundaries", options.boundaries);
  section.require("values", options.values);
  return piecewise_constant(options);
}

LearningRate read_warmup(Section& section) {
  LinearWarmupOptions options;
  section.require("warmup_steps", options.warmup_steps);
  section.get("initial_learning_rate", options.initial_learning_rate);
  if (section.has("then", "a number or a schedule")) read_learning_rate(section, "then", options.then);
  return linear_warmup(options);
}

struct Kind {
  std::string name;
  LearningRate (*make)(Section& section);
};

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> all = {{"exponential_decay", read_exponential},
                                        {"inverse_time_decay", read_inverse_time},
                                        {"polynomial_decay", read_polynomial},
                                        {"cosine_decay", read_cosine},
                                        {"cosine_decay_restarts", read_cosine_restarts},
                                        {"piecewise_constant", read_piecewise},
                                        {"linear_warmup", read_warmup}};
  return all;
}

}  // namespace

void read_learning_rate(Section& parent, std::string_view key, LearningRate& out) {
  const ConfigJson* json = parent.find(key);
  if (json == nullptr) return;
  if (!json->is_object()) {
    float rate = 0.0f;
    if (parent.get(key, rate)) out = rate;
    return;
  }
  Section section(*json, parent.path(key), parent.errors());
  std::vector<std::string> names;
  for (const Kind& kind : kinds()) names.push_back(kind.name);
  std::string name;
  if (!section.has("name", "the name of a schedule") || !section.choose("name", name, names)) return;
  const auto kind = std::ranges::find(kinds(), name, &Kind::name);
  attempt(section, "", [&] { out = kind->make(section); });
  section.finish("the schedule " + name);
}
