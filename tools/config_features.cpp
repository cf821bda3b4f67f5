// The features of a configuration: names, types, shapes, defaults.
#include "config_features.h"

#include <fmt/format.h>

using namespace weft;

namespace {

const std::vector<std::string> kTypes = {"string", "int64", "float32"};

/// A number or a word, or a list of them, as values of the feature's type.
bool read_default(Section& section, ConfigFeature& feature) {
  const ConfigJson* json = section.find("default");
  if (json == nullptr) return true;
  const ConfigJson list = json->is_array() ? *json : ConfigJson::array({*json});
  FixedLenFeature::Default& values = feature.default_value.emplace();
  const bool good = feature.type == DataType::string    ? config_detail::read(list, values.strings)
                    : feature.type == DataType::float32 ? config_detail::read(list, values.floats)
                                                        : config_detail::read(list, values.integers);
  if (!good || list.empty()) {
    section.fail("default", fmt::format("got {}, expected a value of type {} or a list of them", value_text(*json),
                                        to_string(feature.type)));
  }
  return good;
}

ConfigFeature read_feature(Section& section) {
  ConfigFeature feature;
  std::string type = "float32";
  if (section.has("dtype", "one of string, int64, float32")) section.choose("dtype", type, kTypes);
  feature.type = type == "string" ? DataType::string : type == "int64" ? DataType::int64 : DataType::float32;
  std::vector<int64_t> shape;
  if (section.get("shape", shape)) {
    for (const int64_t extent : shape) section.above("shape", static_cast<double>(extent), 0);
    feature.shape = shape;
  }
  read_default(section, feature);
  section.finish("a feature");
  return feature;
}

}  // namespace

ConfigFeatures::ConfigFeatures(Section& config) {
  config.has("features", "a list of features, each with a name and a dtype");
  for (Section& section : sections(config, "features")) {
    std::string name;
    const bool named = section.require("name", name);
    const ConfigFeature feature = read_feature(section);
    if (named && !features_.emplace(name, feature).second) {
      section.fail("name", fmt::format("got '{}', which is another feature's name already", name));
    }
  }
}

const ConfigFeature* ConfigFeatures::find(Section& section, std::string_view key, std::string& name) const {
  if (!section.require(key, name)) return nullptr;
  const ConfigFeature* feature = find(name);
  if (feature == nullptr) {
    section.fail(key, fmt::format("got '{}', expected one of the features.{}", name, similar_or_all(name, names())));
  }
  return feature;
}

const ConfigFeature* ConfigFeatures::find(const std::string& name) const {
  const auto found = features_.find(name);
  return found == features_.end() ? nullptr : &found->second;
}

std::vector<std::string> ConfigFeatures::names() const {
  std::vector<std::string> names;
  for (const auto& [name, feature] : features_) names.push_back(name);
  return names;
}

FixedLenFeature fixed_length(const ConfigFeature& feature) {
  return {.shape = feature.shape.value_or(std::vector<int64_t>{1}),
          .type = feature.type,
          .default_value = feature.default_value};
}
