// Parsing: specifications of features as JSON, both ways.
#include "parsing.h"

#include "columns.h"
#include "report.h"

namespace weft::reference {
namespace {

void flatten(const Json& value, std::vector<Json>& out) {
  if (!value.is_array()) return out.push_back(value);
  for (const Json& element : value) flatten(element, out);
}

Json default_json(const FixedLenFeature& feature) {
  if (!feature.default_value) return nullptr;
  Json values = Json::array();
  for (const float x : feature.default_value->floats) values.push_back(x);
  for (const int64_t x : feature.default_value->integers) values.push_back(x);
  for (const std::string& x : feature.default_value->strings) values.push_back(x);
  return values;
}

// Dimensions that are None have no number; a negative one stands for them.
std::vector<int64_t> shape_of(const Json& shape) {
  std::vector<int64_t> out;
  for (const Json& extent : shape) out.push_back(extent.is_null() ? -1 : extent.get<int64_t>());
  return out;
}

std::optional<FixedLenFeature::Default> default_of(const Json& spec, DataType type) {
  const Json& value = spec.value("default_value", Json());
  if (value.is_null()) return {};
  return make_default(value, type);
}

template <class T>
std::vector<T> list_of(const Json& value) {
  if (value.is_array()) return value.get<std::vector<T>>();
  return {value.get<T>()};
}

FeatureSpec make_feature_spec(const Json& spec) {
  const std::string kind = spec.at("kind");
  const DataType type = data_type(spec.at("dtype"));
  if (kind == "VarLenFeature") return VarLenFeature{.type = type};
  if (kind == "FixedLenFeature")
    return FixedLenFeature{.shape = shape_of(spec.at("shape")), .type = type, .default_value = default_of(spec, type)};
  if (kind == "FixedLenSequenceFeature")
    return FixedLenSequenceFeature{.shape = shape_of(spec.at("shape")),
                                   .type = type,
                                   .allow_missing = spec.value("allow_missing", false),
                                   .default_value = default_of(spec, type)};
  if (kind == "SparseFeature")
    return SparseFeature{.index_key = list_of<std::string>(spec.at("index_key")),
                         .value_key = spec.at("value_key"),
                         .type = type,
                         .size = list_of<int64_t>(spec.at("size")),
                         .already_sorted = spec.value("already_sorted", false)};
  if (kind == "RaggedFeature" && !spec.contains("partitions")) {
    RaggedFeature feature{.type = type};
    if (spec.contains("value_key") && spec.at("value_key").is_string()) feature.value_key = spec.at("value_key");
    return feature;
  }
  throw Unsupported("the runner has no " + kind);
}

}  // namespace

FixedLenFeature::Default make_default(const Json& value, DataType type) {
  std::vector<Json> values;
  flatten(value, values);
  FixedLenFeature::Default out;
  for (const Json& element : values) {
    if (element.is_string() != (type == DataType::string) || (is_integer(type) && !element.is_number_integer())) {
      throw NotExpressible("a default of another type");
    }
    if (type == DataType::string) {
      out.strings.push_back(element.get<std::string>());
    } else if (is_integer(type)) {
      out.integers.push_back(element.get<int64_t>());
    } else {
      out.floats.push_back(element.get<float>());
    }
  }
  return out;
}

ParseSpec make_spec(const Json& spec) {
  ParseSpec out;
  for (const auto& [key, feature] : spec.items()) out.emplace(key, make_feature_spec(feature));
  return out;
}

Json spec_json(const ParseSpec& spec) {
  Json out = Json::object();
  for (const auto& [key, feature] : spec) {
    if (const auto* fixed = std::get_if<FixedLenFeature>(&feature)) {
      out[key] = {{"kind", "FixedLenFeature"},
                  {"dtype", to_string(fixed->type)},
                  {"shape", fixed->shape},
                  {"default_value", default_json(*fixed)}};
    } else {
      out[key] = {{"kind", "VarLenFeature"}, {"dtype", to_string(std::get<VarLenFeature>(feature).type)}};
    }
  }
  return out;
}

Json normalized_spec(const Json& spec) {
  Json out = spec;
  for (auto& [key, feature] : out.items()) {
    if (!feature.contains("default_value") || feature.at("default_value").is_null()) continue;
    std::vector<Json> values;
    flatten(feature.at("default_value"), values);
    size_t count = 1;
    for (const Json& extent : feature.at("shape")) count *= extent.get<size_t>();
    // One number stands for all elements.
    if (values.size() == 1) values.resize(count, values.front());
    feature["default_value"] = values;
  }
  return out;
}

}  // namespace weft::reference
