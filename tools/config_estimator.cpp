// The estimator that a configuration's model describes.
#include "config_model.h"

#include <weft/estimator/dnn_classifier.h>
#include <weft/estimator/dnn_linear_combined_classifier.h>
#include <weft/estimator/dnn_linear_combined_regressor.h>
#include <weft/estimator/dnn_regressor.h>
#include <weft/estimator/linear_classifier.h>
#include <weft/estimator/linear_regressor.h>

using namespace weft;

namespace {

template <class Options>
void set_network(const ConfigModel& model, Options& options) {
  options.hidden_units = model.hidden_units;
  options.feature_columns = model.dnn_columns;
  if (model.dnn_optimizer) options.optimizer = *model.dnn_optimizer;
  options.activation_fn = model.activation;
  options.dropout = model.dropout;
  options.batch_norm = model.batch_norm;
}

template <class Options>
void set_linear(const ConfigModel& model, Options& options) {
  options.feature_columns = model.linear_columns;
  options.optimizer = model.linear_optimizer;
  options.sparse_combiner = model.sparse_combiner;
}

template <class Options>
void set_combined(const ConfigModel& model, Options& options) {
  options.linear_feature_columns = model.linear_columns;
  options.linear_optimizer = model.linear_optimizer;
  options.linear_sparse_combiner = model.sparse_combiner;
  options.dnn_feature_columns = model.dnn_columns;
  if (model.dnn_optimizer) options.dnn_optimizer = *model.dnn_optimizer;
  options.dnn_hidden_units = model.hidden_units;
  options.dnn_activation_fn = model.activation;
  options.dnn_dropout = model.dropout;
  options.batch_norm = model.batch_norm;
}

template <class Options>
void set_place(const ConfigModel& model, const ModelPlace& place, Options& options) {
  options.model_dir = place.model_dir;
  options.config = place.config;
  options.warm_start_from = place.warm_start_from;
  options.weight_column = model.weight_column;
  options.loss_reduction = model.loss_reduction;
}

/// The parts of a model come by `set`, the head's arguments by its kind.
template <class Canned, class Options>
Canned make_classifier(const ConfigModel& model, const ModelPlace& place, void (*set)(const ConfigModel&, Options&)) {
  Options options;
  set(model, options);
  set_place(model, place, options);
  options.n_classes = model.n_classes;
  options.label_vocabulary = model.label_vocabulary;
  options.thresholds = model.thresholds;
  return Canned(options);
}

template <class Canned, class Options>
Canned make_regressor(const ConfigModel& model, const ModelPlace& place, void (*set)(const ConfigModel&, Options&)) {
  Options options;
  set(model, options);
  set_place(model, place, options);
  options.label_dimension = model.label_dimension;
  return Canned(options);
}

}  // namespace

Estimator make_estimator(const ConfigModel& model, const ModelPlace& place) {
  using Combined = DNNLinearCombinedClassifierOptions;
  using CombinedRegressor = DNNLinearCombinedRegressorOptions;
  const auto as_estimator = [](Estimator made) { return made; };
  switch (model.part) {
    case ConfigModel::Part::dnn:
      return make_dnn_estimator(model, place);
    case ConfigModel::Part::linear:
      return model.classifier
                 ? as_estimator(make_classifier<LinearClassifier>(model, place, set_linear<LinearClassifierOptions>))
                 : as_estimator(make_regressor<LinearRegressor>(model, place, set_linear<LinearRegressorOptions>));
    case ConfigModel::Part::dnn_linear_combined:
      break;
  }
  return model.classifier
             ? as_estimator(make_classifier<DNNLinearCombinedClassifier>(model, place, set_combined<Combined>))
             : as_estimator(make_regressor<DNNLinearCombinedRegressor>(model, place, set_combined<CombinedRegressor>));
}

DNNEstimator make_dnn_estimator(const ConfigModel& model, const ModelPlace& place) {
  const auto as_dnn = [](DNNEstimator made) { return made; };
  return model.classifier ? as_dnn(make_classifier<DNNClassifier>(model, place, set_network<DNNClassifierOptions>))
                          : as_dnn(make_regressor<DNNRegressor>(model, place, set_network<DNNRegressorOptions>));
}
