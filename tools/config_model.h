// The model of a configuration: which estimator, with what.
#pragma once
#include "config_columns.h"

#include <weft/core/ops/ops.h>
#include <weft/estimator/dnn_estimator.h>
#include <weft/optim/optimizer.h>

struct ConfigModel {
  /// What makes it: DNNClassifier, ...
  enum class Part { dnn, linear, dnn_linear_combined } part = Part::dnn;
  bool classifier = true;
  weft::FeatureColumns dnn_columns, linear_columns;
  std::vector<int64_t> hidden_units;
  weft::Activation activation = weft::relu;
  float dropout = 0.0f;
  bool batch_norm = false;
  int64_t n_classes = 2;
  std::vector<std::string> label_vocabulary;
  std::vector<float> thresholds;
  int64_t label_dimension = 1;
  std::string weight_column;
  weft::Reduction loss_reduction = weft::Reduction::sum;
  weft::Combiner sparse_combiner = weft::Combiner::sum;
  std::optional<weft::Optimizer> dnn_optimizer, linear_optimizer;  ///< absent: the estimator's default
};

/// Reads "model".
ConfigModel read_model(Section& config, ConfigColumns& columns);

struct ModelPlace {
  std::string model_dir;
  weft::RunConfig config;
  weft::WarmStartSettings warm_start_from;
};
/// Throws as the estimators do.
weft::Estimator make_estimator(const ConfigModel& model, const ModelPlace& place);
/// The same of a model without a linear part, with its layers.
weft::DNNEstimator make_dnn_estimator(const ConfigModel& model, const ModelPlace& place);
