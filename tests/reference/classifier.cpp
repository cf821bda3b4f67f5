// Classifier: TensorFlow's arguments and defaults, and listings of checkpoints.
#include "classifier.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <stdlib.h>
#include <weft/estimator/heads/reduction.h>
#include <weft/io/checkpoint.h>

#include <filesystem>

#include "optimizers.h"
#include "report.h"

namespace weft::reference {
namespace {

Optimizer optimizer_of(const std::string& api, const Json& arguments) {
  if (!arguments.contains("optimizer")) return named_optimizer(api, "Adagrad");
  const Json& optimizer = arguments.at("optimizer");
  if (optimizer.is_string()) return named_optimizer(api, optimizer);
  if (optimizer.is_object()) return make_optimizer(api, optimizer.at("kind"), optimizer);
  throw NotExpressible("no optimizer: " + optimizer.dump());
}

void require_arguments(const Json& arguments) {
  // A partitioned table is one array here: the same numbers under the same name.
  const std::set<std::string> known = {"optimizer",      "activation",       "batch_norm",   "dropout",
                                       "partitions",     "n_classes",        "hidden_units", "thresholds",
                                       "loss_reduction", "label_vocabulary", "weight_column"};
  for (const auto& [name, value] : arguments.items()) {
    if (!known.contains(name)) throw Unsupported("the runner has no argument " + name);
  }
}

}  // namespace

NamingScheme naming_scheme(const std::string& api, const std::string& column_api) {
  if (api == "v2") return NamingScheme::v2;
  return column_api == "v2" ? NamingScheme::v1_with_v2_columns : NamingScheme::v1;
}

DNNClassifierOptions classifier_options(const ClassifierCase& wanted) {
  const Json& arguments = wanted.arguments;
  require_arguments(arguments);
  const bool v1 = wanted.api == "v1";
  DNNClassifierOptions options{
      .hidden_units = arguments.value("hidden_units", std::vector<int64_t>{4}),
      .feature_columns = make_columns(wanted.columns, {.api = api_of(wanted.column_api),
                                                       .directory = wanted.directory,
                                                       .train_shared_tables = wanted.train_shared_tables}),
      .model_dir = wanted.model_dir,
      .n_classes = arguments.value("n_classes", int64_t{2}),
      .weight_column = wanted.weight_column,
      .label_vocabulary = arguments.value("label_vocabulary", std::vector<std::string>()),
      .optimizer = optimizer_of(wanted.api, arguments),
      .activation_fn = activation_of(arguments.value("activation", "relu")),
      .dropout = arguments.value("dropout", 0.0f),
      .batch_norm = arguments.value("batch_norm", false),
      .loss_reduction = reduction_of(arguments.value("loss_reduction", v1 ? "SUM" : "SUM_OVER_BATCH_SIZE")),
      .names = v1 ? NamingScheme::v1 : NamingScheme::v2,
      .metrics = v1 ? MetricDefinitions::v1 : MetricDefinitions::keras};
  if (arguments.contains("weight_column")) {
    if (!arguments.at("weight_column").is_string()) throw NotExpressible("weight_column is no string");
    options.weight_column = arguments.at("weight_column");
  }
  return options;
}

TemporaryDirectory::TemporaryDirectory() {
  path_ = (std::filesystem::temp_directory_path() / "weft_reference_XXXXXX").string();
  if (!mkdtemp(path_.data())) throw std::runtime_error("can't make a directory for a model");
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

bool is_keras_constant(const std::string& name) {
  static const std::set<std::string> constants = {"decay",
                                                  "learning_rate",
                                                  "momentum",
                                                  "beta_1",
                                                  "beta_2",
                                                  "beta",
                                                  "rho",
                                                  "l1_regularization_strength",
                                                  "l2_regularization_strength",
                                                  "learning_rate_power"};
  const size_t last = name.rfind('/');
  return name.starts_with("training/") && name.find('/', 9) == last && constants.contains(name.substr(last + 1));
}

Listing checkpoint_listing(const std::string& model_dir) {
  const auto latest = ModelDirectory(model_dir).latest();
  if (!latest) throw std::runtime_error("no checkpoint was saved");
  Listing listing;
  const CheckpointReader reader(*latest);
  for (const ArrayInfo& array : reader.arrays()) {
    if (!array.name.starts_with("weft/")) listing[array.name] = array.shape;
  }
  return listing;
}

Listing expected_listing(const Json& variables, bool with_constants) {
  Listing listing;
  for (const Json& variable : variables) {
    const std::string name = variable.at(0);
    if (with_constants || !is_keras_constant(name)) listing[name] = variable.at(1).get<std::vector<int64_t>>();
  }
  return listing;
}

void compare_listings(Report& report, const std::string& where, const Listing& got, const Listing& want) {
  std::vector<std::string> names, wanted;
  for (const auto& [name, shape] : got) names.push_back(fmt::format("{} {}", name, shape_text(shape)));
  for (const auto& [name, shape] : want) wanted.push_back(fmt::format("{} {}", name, shape_text(shape)));
  report.equal(where, names, wanted);
}

}  // namespace weft::reference
