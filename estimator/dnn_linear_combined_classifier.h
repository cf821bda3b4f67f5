// DNNLinearCombinedClassifier: wide and deep, a classification head
// (tf.compat.v1.estimator.DNNLinearCombinedClassifier).
#pragma once
#include <weft/estimator/dnn_linear_combined_estimator.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace weft {

struct DNNLinearCombinedClassifierOptions {
  /// Where checkpoints are saved and found again. Empty: nothing is saved, the model lives in this object.
  std::string model_dir = {};
  /// Columns of the wide part: categorical ones as they are, crossed ones above all; may be empty.
  FeatureColumns linear_feature_columns = {};
  /// Absent: Ftrl with a learning rate of min(0.005, 1 / sqrt(number of linear columns)).
  std::optional<Optimizer> linear_optimizer = {};
  /// Columns of the deep part; may be empty.
  FeatureColumns dnn_feature_columns = {};
  Optimizer dnn_optimizer = adagrad({.learning_rate = 0.001f});
  /// Units of each hidden layer, at least one where there are dnn_feature_columns.
  std::vector<int64_t> dnn_hidden_units = {};
  Activation dnn_activation_fn = relu;
  /// The share of each hidden layer's outputs that is dropped while training, in [0, 1).
  float dnn_dropout = 0.0f;
  bool batch_norm = false;
  /// How the weights of several ids of one categorical column are combined.
  Combiner linear_sparse_combiner = Combiner::sum;
  int64_t n_classes = 2;
  /// Key of the feature with a weight an example; empty: none.
  std::string weight_column = {};
  /// The classes' names where labels are strings.
  std::vector<std::string> label_vocabulary = {};
  Reduction loss_reduction = Reduction::sum;
  RunConfig config = {};
  /// A checkpoint of another model to start from, where model_dir has none.
  WarmStartSettings warm_start_from = {};
  /// As DNNLinearCombinedEstimatorOptions::names.
  NamingScheme names = NamingScheme::v1;
  MetricDefinitions metrics = MetricDefinitions::v1;
  /// Probabilities at which evaluate() gives accuracy, precision and recall too.
  std::vector<float> thresholds = {};
};

/// A DNNLinearCombinedEstimator with a ClassHead.
class DNNLinearCombinedClassifier : public DNNLinearCombinedEstimator {
 public:
  /// As DNNLinearCombinedEstimator.
  explicit DNNLinearCombinedClassifier(const DNNLinearCombinedClassifierOptions& options);
};

}  // namespace weft
