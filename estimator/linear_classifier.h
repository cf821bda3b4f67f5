// LinearClassifier: a weighted sum of feature columns, a classification head (tf.compat.v1.estimator.LinearClassifier).
#pragma once
#include <weft/estimator/linear_estimator.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace weft {

struct LinearClassifierOptions {
  FeatureColumns feature_columns;
  /// Where checkpoints are saved and found again. Empty: nothing is saved, the model lives in this object.
  std::string model_dir = {};
  int64_t n_classes = 2;
  /// Key of the feature with a weight an example; empty: none.
  std::string weight_column = {};
  /// The classes' names where labels are strings.
  std::vector<std::string> label_vocabulary = {};
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
  MetricDefinitions metrics = MetricDefinitions::v1;
  /// Probabilities at which evaluate() gives accuracy, precision and recall too.
  std::vector<float> thresholds = {};
};

/// A LinearEstimator with a ClassHead.
class LinearClassifier : public LinearEstimator {
 public:
  /// As LinearEstimator.
  explicit LinearClassifier(const LinearClassifierOptions& options);
};

}  // namespace weft
