// DNNRegressor: feature columns, hidden layers, a regression head (tf.compat.v1.estimator.DNNRegressor).
#pragma once
#include <weft/estimator/dnn_estimator.h>

#include <cstdint>
#include <string>
#include <vector>

namespace weft {

struct DNNRegressorOptions {
  /// Units of each hidden layer; none: the predictions stand on the input.
  std::vector<int64_t> hidden_units;
  FeatureColumns feature_columns;
  /// Where checkpoints are saved and found again. Empty: nothing is saved, the model lives in this object.
  std::string model_dir = {};
  /// Numbers to predict an example.
  int64_t label_dimension = 1;
  /// Key of the feature with a weight an example, or one a number; empty: none.
  std::string weight_column = {};
  Optimizer optimizer = adagrad({.learning_rate = 0.05f});
  Activation activation_fn = relu;
  /// The share of each hidden layer's outputs that is dropped while training, in [0, 1).
  float dropout = 0.0f;
  /// Batch normalisation after each hidden layer (and its dropout).
  bool batch_norm = false;
  Reduction loss_reduction = Reduction::sum;
  RunConfig config = {};
  /// A checkpoint of another model to start from, where model_dir has none.
  WarmStartSettings warm_start_from = {};
  /// As DNNClassifierOptions::names.
  NamingScheme names = NamingScheme::v1;
};

/// A DNNEstimator with a RegressionHead.
class DNNRegressor : public DNNEstimator {
 public:
  /// As DNNClassifier.
  explicit DNNRegressor(const DNNRegressorOptions& options);
};

}  // namespace weft
