// The initializers of a configuration, under TensorFlow's names.
#include "config_initializer.h"

#include <algorithm>

using namespace weft;

namespace {

NormalOptions read_normal(Section& section) {
  NormalOptions options;
  section.get("mean", options.mean);
  section.get("stddev", options.stddev);
  section.at_least("stddev", options.stddev, 0);
  return options;
}

UniformOptions read_uniform(Section& section) {
  UniformOptions options;
  section.get("minval", options.minval);
  section.get("maxval", options.maxval);
  section.at_least("maxval", options.maxval, options.minval);
  return options;
}

float read_value(Section& section, const char* key, float value) {
  section.get(key, value);
  return value;
}

VarianceScalingOptions read_variance_scaling(Section& section) {
  using Fan = VarianceScalingOptions::Fan;
  using Distribution = VarianceScalingOptions::Distribution;
  VarianceScalingOptions options;
  section.get("scale", options.scale);
  std::string fan = "fan_in", distribution = "truncated_normal";
  section.choose("mode", fan, {"fan_in", "fan_out", "fan_avg"});
  section.choose("distribution", distribution, {"truncated_normal", "normal", "uniform"});
  options.fan = fan == "fan_in" ? Fan::in : fan == "fan_out" ? Fan::out : Fan::average;
  options.distribution = distribution == "uniform"  ? Distribution::uniform
                         : distribution == "normal" ? Distribution::normal
                                                    : Distribution::truncated_normal;
  return options;
}

struct Kind {
  std::string name;
  Initializer (*make)(Section& section);
};

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> all = {
      {"zeros", [](Section&) { return zeros_initializer(); }},
      {"ones", [](Section&) { return ones_initializer(); }},
      {"constant", [](Section& s) { return constant_initializer(read_value(s, "value", 0.0f)); }},
      {"truncated_normal", [](Section& s) { return truncated_normal_initializer(read_normal(s)); }},
      {"random_normal", [](Section& s) { return random_normal_initializer(read_normal(s)); }},
      {"random_uniform", [](Section& s) { return random_uniform_initializer(read_uniform(s)); }},
      {"identity", [](Section& s) { return identity_initializer(read_value(s, "gain", 1.0f)); }},
      {"variance_scaling", [](Section& s) { return variance_scaling_initializer(read_variance_scaling(s)); }},
      {"glorot_uniform", [](Section&) { return glorot_uniform_initializer(); }},
      {"glorot_normal", [](Section&) { return glorot_normal_initializer(); }},
      {"he_uniform", [](Section&) { return he_uniform_initializer(); }},
      {"he_normal", [](Section&) { return he_normal_initializer(); }},
      {"lecun_uniform", [](Section&) { return lecun_uniform_initializer(); }},
      {"lecun_normal", [](Section&) { return lecun_normal_initializer(); }}};
  return all;
}

}  // namespace

std::optional<Initializer> read_initializer(Section& parent, std::string_view key) {
  std::optional<Initializer> initializer;
  std::optional<NamedSection> part = named_section(parent, key, "an initializer");
  if (!part) return initializer;
  std::vector<std::string> names;
  for (const Kind& kind : kinds()) names.push_back(kind.name);
  std::string name;
  if (!part->section.choose("name", name, names)) return initializer;
  const auto kind = std::ranges::find(kinds(), name, &Kind::name);
  attempt(part->section, "", [&] { initializer = kind->make(part->section); });
  part->section.finish("the initializer " + name);
  return initializer;
}
