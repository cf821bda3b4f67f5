// DNNClassifier: feature columns, hidden layers, a classification head (tf.compat.v1.estimator.DNNClassifier).
#pragma once
#include <weft/estimator/dnn_estimator.h>

#include <cstdint>
#include <string>
#include <vector>

namespace weft {

struct DNNClassifierOptions {
  /// Units of each hidden layer; none: the logits stand on the input.
  std::vector<int64_t> hidden_units;
  FeatureColumns feature_columns;
  /// Where checkpoints are saved and found again. Empty: nothing is saved, the model lives in this object.
  std::string model_dir = {};
  int64_t n_classes = 2;
  /// Key of the feature with a weight an example; empty: none.
  std::string weight_column = {};
  /// The classes' names where labels are strings.
  std::vector<std::string> label_vocabulary = {};
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
  /// How variables and slots are called in checkpoints. v1 with columns of shared_embeddings is v1_with_v2_columns.
  NamingScheme names = NamingScheme::v1;
  MetricDefinitions metrics = MetricDefinitions::v1;
  /// Probabilities at which evaluate() gives accuracy, precision and recall too.
  std::vector<float> thresholds = {};
};

/// A DNNEstimator with a ClassHead.
class DNNClassifier : public DNNEstimator {
 public:
  /// Makes the parameters. Throws ValueError for options and columns, IoError and DataError for vocabularies and
  /// model_dir.
  explicit DNNClassifier(const DNNClassifierOptions& options);
};

}  // namespace weft
