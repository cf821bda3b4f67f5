// Family E: names of columns, collections and variables, of layers and of classifiers' checkpoints.
#include <fmt/format.h>
#include <weft/core/tape.h>
#include <weft/layers/input_layer.h>

#include "classifier.h"
#include "errors.h"
#include "families.h"
#include "features.h"
#include "unsupported.h"

namespace weft::reference {
namespace {

// Two rows for whatever the columns read.
Feature example_feature(const FeatureSpec& spec, Features& owner) {
  if (const auto* fixed = std::get_if<FixedLenFeature>(&spec)) {
    std::vector<int64_t> shape = fixed->shape;
    shape.insert(shape.begin(), 2);
    Feature feature;
    feature.type = fixed->type;
    feature.shape = shape;
    const auto count = static_cast<size_t>(Shape(std::span(shape)).size());
    if (is_floating(fixed->type)) feature.floats.assign(count, 1.0f);
    if (is_integer(fixed->type)) feature.integers.assign(count, 1);
    return feature;
  }
  switch (std::get<VarLenFeature>(spec).type) {
    case DataType::string:
      return sparse_feature(std::vector<std::vector<std::string_view>>{{owner.keep("s")}, {owner.keep("t")}});
    case DataType::float32:
      return sparse_feature(std::vector<std::vector<float>>{{1.0f}, {2.0f}});
    default:
      return sparse_feature(std::vector<std::vector<int64_t>>{{1}, {2}});
  }
}

void example_features(const std::vector<FeatureColumn>& columns, Features& out) {
  for (const auto& [key, spec] : make_parse_example_spec(FeatureColumns(columns)))
    out[key] = example_feature(spec, out);
}

void add_parameters(const ParameterStore& params, Listing& listing) {
  for (const Parameter& parameter : params) {
    const auto extents = parameter.shape().extents();
    listing[parameter.name()] = {extents.begin(), extents.end()};
  }
}

Listing layer_listing(const Json& specifications, Api api) {
  const auto columns = make_columns(specifications, {.api = api});
  ParameterStore params;
  const InputLayer layer(params, columns,
                         {.scope = api == Api::v1 ? "input_layer" : "dense_features", .plain_names = api == Api::v2});
  Features features;
  example_features(columns, features);
  Tape tape;
  layer(tape, features);
  Listing listing;
  add_parameters(params, listing);
  return listing;
}

// A classifier is made and trained for a step: what its checkpoint holds.
Listing trained_listing(const ClassifierCase& wanted) {
  const DNNClassifierOptions options = classifier_options(wanted);
  DNNClassifier classifier(options);
  classifier.train(
      [&] {
        return Dataset([&](Batch& batch) {
          example_features({options.feature_columns.begin(), options.feature_columns.end()}, batch.features);
          batch.labels = dense_feature(std::vector<int64_t>{0, 1});
          batch.size = 2;
          return true;
        });
      },
      {.steps = 1});
  return checkpoint_listing(wanted.model_dir);
}

ClassifierCase estimator_case(const std::string& api, const Json& columns, const Json& arguments,
                              const std::string& model_dir) {
  Json all = arguments;
  all["hidden_units"] = {4, 3};
  return {.api = api,
          .columns = columns,
          .column_api = api,
          .arguments = all,
          .model_dir = model_dir,
          .train_shared_tables = api == "v1"};
}

// The optimizer of a row: its class, and what of its arguments adds variables.
OptimizerNames names_of_optimizer(NamingScheme scheme, const Json& arguments) {
  const Json optimizer = arguments.value("optimizer", Json("Adagrad"));
  if (optimizer.is_string()) return optimizer_names(scheme, optimizer.get<std::string>());
  const bool momentum = scheme == NamingScheme::v2 && optimizer.value("momentum", 0.0) != 0.0;
  return optimizer_names(scheme, optimizer.at("kind").get<std::string>(),
                         {.centered = optimizer.value("centered", false),
                          .momentum = momentum,
                          .amsgrad = optimizer.value("amsgrad", false)});
}

// What TensorFlow's checkpoint would hold, by weft's rules for names: for every optimizer, built or not.
Listing named_listing(const ClassifierCase& wanted) {
  ClassifierCase plain = wanted;
  plain.arguments.erase("optimizer");
  plain.model_dir.clear();
  const DNNClassifierOptions options = classifier_options(plain);
  const DNNClassifier classifier(options);
  std::vector<VariableInfo> variables;
  for (const Parameter& parameter : classifier.params()) {
    const auto extents = parameter.shape().extents();
    variables.push_back({parameter.name(), {extents.begin(), extents.end()}, parameter.trainable()});
  }
  const NamingScheme scheme = naming_scheme(wanted.api, wanted.column_api);
  Listing listing;
  for (const auto& info : checkpoint_variables(scheme, names_of_optimizer(scheme, wanted.arguments), variables)) {
    listing[info.name] = info.shape;
  }
  return listing;
}

void compare_estimator(Report& report, const std::string& where, const std::string& api, const Json& columns,
                       const Json& arguments, const Json& want) {
  const TemporaryDirectory directory;
  const ClassifierCase wanted = estimator_case(api, columns, arguments, directory.path());
  if (want.contains("error")) {
    return compare_error(report, where, {want.at("error")}, [&] { trained_listing(wanted); });
  }
  compare_listings(report, where + " by name", named_listing(wanted), expected_listing(want.at("checkpoint"), true));
  try {
    compare_listings(report, where, trained_listing(wanted), expected_listing(want.at("checkpoint"), false));
  } catch (const Unsupported&) {
    // Names are this family's subject, and they were compared; what can't be trained yet is unsupported in family G.
  }
}

void compare_layer(Report& report, const std::string& where, Api api, const Json& row) {
  const Json& want = row.at(api == Api::v1 ? "input_layer" : "dense_features");
  const auto make = [&] { return layer_listing(row.at("columns"), api); };
  if (want.contains("error")) return compare_error(report, where, {want.at("error")}, make);
  compare_listings(report, where, make(), expected_listing(want.at("variables"), true));
}

void compare_columns(Report& report, const std::string& where, const std::string& api, const Json& row) {
  std::vector<std::string> names, collections;
  for (const FeatureColumn& column : make_columns(row.at("columns"), {.api = api_of(api)})) {
    names.push_back(column.name());
    if (const std::string collection = column.shared_embedding_collection_name(); !collection.empty()) {
      collections.push_back(collection);
    }
  }
  report.equal(where + " columns", names, row.at("column_names_" + api).get<std::vector<std::string>>());
  report.equal(where + " collections", collections, row.at("collection_names_" + api).get<std::vector<std::string>>());
}

void compare_names(Report& report, const Json& row) {
  for (const std::string api : {"v1", "v2"}) {
    const std::string where = row.at("label").get<std::string>() + " " + api;
    report.part(where, [&] { compare_columns(report, where, api, row); });
    report.part(where + " layer", [&] { compare_layer(report, where + " layer", api_of(api), row); });
    report.part(where + " estimator", [&] {
      compare_estimator(report, where + " estimator", api, row.at("columns"), Json::object(),
                        row.at("estimator_" + api));
    });
  }
}

// The documented example's columns, which rows without columns of their own are about.
Json video_columns() {
  Json columns = Json::array();
  for (const auto* key : {"watched_video_id", "impression_video_id"}) {
    columns.push_back({{"kind", "categorical_column_with_identity"}, {"key", key}, {"num_buckets", 5}});
  }
  return Json::array({{{"kind", "shared_embeddings"}, {"categorical_columns", columns}, {"dimension", 3}}});
}

}  // namespace

void run_family_e(const Fixture& fixture, Report& report) {
  const Json& config = fixture.config();
  for (const Json& row : config.at("rows")) {
    if (row.contains("label")) {
      compare_names(report, row);
      continue;
    }
    Json arguments = Json::object();
    for (const auto* argument : {"optimizer", "batch_norm"}) {
      if (row.contains(argument)) arguments[argument] = row.at(argument);
    }
    const std::string api = row.at("api"), where = api + " " + arguments.dump();
    report.part(where, [&] {
      compare_estimator(report, where, api, config.value("columns", video_columns()), arguments, row.at("result"));
    });
  }
}

}  // namespace weft::reference
