// LinearRegressor: a weighted sum of feature columns, a regression head (tf.compat.v1.estimator.LinearRegressor).
#pragma once
#include <weft/estimator/linear_estimator.h>

#include <cstdint>
#include <optional>
#include <string>

namespace weft {

struct LinearRegressorOptions {
  FeatureColumns feature_columns;
  /// Where checkpoints are saved and found again. Empty: nothing is saved, the model lives in this object.
  std::string model_dir = {};
  /// Numbers to predict an example.
  int64_t label_dimension = 1;
  /// Key of the feature with a weight an example, or one a number; empty: none.
  std::string weight_column = {};
  /// Absent: Ftrl with a learning rate of min(0.2, 1 / sqrt(number of columns)).
  std::optional<Optimizer> optimizer = {};
  /// How the weights of several ids of one categorical column are combined.
  Combiner sparse_combiner = Combiner::sum;
  Reduction loss_reduction = Reduction::sum;
  RunConfig config = {};
  /// A checkpoint of another model to start from, where model_dir has none.
  WarmStartSettings warm_start_from = {};
  /// As LinearEstimatorOptions::names.
  NamingScheme names = NamingScheme::v1;
};

/// A LinearEstimator with a RegressionHead.
class LinearRegressor : public LinearEstimator {
 public:
  /// As LinearEstimator.
  explicit LinearRegressor(const LinearRegressorOptions& options);
};

}  // namespace weft
