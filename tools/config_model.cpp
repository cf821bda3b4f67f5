// The model of a configuration: its keys, of which each kind has its own.
#include "config_model.h"

#include "config_optimizer.h"

#include <fmt/format.h>
#include <weft/estimator/dnn_classifier.h>
#include <weft/estimator/heads/reduction.h>

#include <algorithm>

using namespace weft;

namespace {

using Part = ConfigModel::Part;

struct Kind {
  std::string name;
  Part part;
  bool classifier;
};

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> all = {
      {"dnn_classifier", Part::dnn, true},
      {"dnn_regressor", Part::dnn, false},
      {"linear_classifier", Part::linear, true},
      {"linear_regressor", Part::linear, false},
      {"dnn_linear_combined_classifier", Part::dnn_linear_combined, true},
      {"dnn_linear_combined_regressor", Part::dnn_linear_combined, false},
  };
  return all;
}

/// One optimizer, or two: one for the tables, one for the rest.
std::optional<Optimizer> read_dnn_optimizer(Section& section) {
  std::optional<Optimizer> optimizer = read_optimizer(section, "optimizer");
  const std::optional<Optimizer> tables = read_optimizer(section, "embedding_optimizer");
  if (!tables) return optimizer;
  return with_embedding_optimizer(optimizer.value_or(DNNClassifierOptions{}.optimizer), *tables);
}

void read_network(Section& section, ConfigModel& model) {
  section.require("hidden_units", model.hidden_units);
  for (const int64_t units : model.hidden_units) section.above("hidden_units", static_cast<double>(units), 0);
  std::string activation;
  if (section.get("activation", activation)) {
    attempt(section, "activation", [&] { model.activation = activation_of(activation); });
  }
  section.get("dropout", model.dropout);
  if (!(model.dropout >= 0.0f && model.dropout < 1.0f)) {
    section.fail("dropout", fmt::format("got {}, expected a share from 0 up to, but not, 1", model.dropout));
  }
  section.get("batch_norm", model.batch_norm);
}

void read_linear(Section& section, ConfigModel& model) {
  std::string combiner = "sum";
  section.choose("sparse_combiner", combiner, {"sum", "mean", "sqrtn"});
  model.sparse_combiner = combiner_of(combiner);
}

void read_parts(Section& section, ConfigColumns& columns, ConfigModel& model) {
  if (model.part != Part::linear) read_network(section, model);
  if (model.part != Part::dnn) read_linear(section, model);
  if (model.part == Part::dnn) {
    model.dnn_columns = columns.list(section, "feature_columns");
    model.dnn_optimizer = read_dnn_optimizer(section);
  } else if (model.part == Part::linear) {
    model.linear_columns = columns.list(section, "feature_columns");
    model.linear_optimizer = read_optimizer(section, "optimizer");
  } else {
    if (section.has("linear_feature_columns", "a list of columns' names")) {
      model.linear_columns = columns.list(section, "linear_feature_columns");
    }
    if (section.has("dnn_feature_columns", "a list of columns' names")) {
      model.dnn_columns = columns.list(section, "dnn_feature_columns");
    }
    model.linear_optimizer = read_optimizer(section, "linear_optimizer");
    model.dnn_optimizer = read_optimizer(section, "dnn_optimizer");
  }
}

void read_head(Section& section, const ConfigFeatures& features, ConfigModel& model) {
  if (model.classifier) {
    section.get("n_classes", model.n_classes);
    section.at_least("n_classes", static_cast<double>(model.n_classes), 2);
    section.get("label_vocabulary", model.label_vocabulary);
    section.get("thresholds", model.thresholds);
  } else {
    section.get("label_dimension", model.label_dimension);
    section.at_least("label_dimension", static_cast<double>(model.label_dimension), 1);
  }
  if (section.find("weight_column") != nullptr) features.find(section, "weight_column", model.weight_column);
  std::string reduction = "sum";
  if (section.choose("loss_reduction", reduction, {"sum", "mean", "sum_over_batch_size", "sum_over_nonzero_weights"})) {
    model.loss_reduction = reduction_of(reduction);
  }
}

}  // namespace

ConfigModel read_model(Section& config, ConfigColumns& columns) {
  ConfigModel model;
  if (!config.has("model", "an object with the model's kind")) return model;
  Section section(*config.find("model"), config.path("model"), config.errors());
  std::vector<std::string> names;
  for (const Kind& kind : kinds()) names.push_back(kind.name);
  std::string name;
  if (!section.has("kind", "dnn_classifier, linear_regressor, ...") || !section.choose("kind", name, names)) {
    return model;
  }
  const auto kind = std::ranges::find(kinds(), name, &Kind::name);
  model.part = kind->part;
  model.classifier = kind->classifier;
  read_parts(section, columns, model);
  read_head(section, columns.features(), model);
  section.finish("a model of kind " + name);
  return model;
}
