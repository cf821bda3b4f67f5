// A configuration from its file, as a whole.
#include "config.h"

#include "config_file.h"
#include "output.h"

#include <fmt/format.h>
#include <weft/core/error.h>

using namespace weft;

namespace {

/// What the columns of both parts and the weights read.
ParseSpec spec_of(const Config& config, const ConfigFeatures& features) {
  ParseSpec spec = make_parse_example_spec(FeatureColumns{config.model.dnn_columns, config.model.linear_columns});
  const std::string& weights = config.model.weight_column;
  if (!weights.empty()) spec.emplace(weights, fixed_length(*features.find(weights)));
  return spec;
}

ModelPlace place_of(const Config& config, bool stored) {
  ModelPlace place{.model_dir = stored ? config.run.model_dir : "",
                   .config = config.run.config,
                   .warm_start_from = config.run.warm_start};
  place.config.log = [](const std::string& line) {
    const bool progress = line.starts_with("loss = ");  // the commands print it with more
    if (!progress) fmt::print(stderr, "{}\n", printable(line));
  };
  return place;
}

}  // namespace

Config read_config(const std::string& path, const std::vector<std::string>& changes) {
  const ConfigJson json = read_config_file(path, changes);
  ConfigErrors errors;
  Section top(json, "", errors);
  const ConfigFeatures features(top);
  ConfigColumns columns(top, features);
  Config config;
  config.model = read_model(top, columns);
  config.data = read_data(top, features);
  config.run = read_run(top);
  top.finish("a configuration");
  errors.check(path);
  attempt(top, "columns", [&] { config.spec = spec_of(config, features); });
  if (config.spec.contains(config.data.label)) {
    errors.add("data.label", fmt::format("got '{}', which the model reads as a feature too", config.data.label));
  }
  errors.check(path);
  return config;
}

Estimator make_estimator(const Config& config, bool stored) {
  return make_estimator(config.model, place_of(config, stored));
}

DNNEstimator make_dnn_estimator(const Config& config) {
  if (config.model.part != ConfigModel::Part::dnn) {
    throw ValueError("model.kind: got a model with a linear part, expected dnn_classifier or dnn_regressor.");
  }
  return make_dnn_estimator(config.model, place_of(config, false));
}
