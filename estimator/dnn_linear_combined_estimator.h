// DNNLinearCombinedEstimator: wide and deep (Cheng et al., 2016), two optimizers, any head
// (tf.estimator.DNNLinearCombinedEstimator).
#pragma once
#include <weft/core/ops/ops.h>
#include <weft/estimator/estimator.h>
#include <weft/estimator/heads/head.h>
#include <weft/estimator/naming.h>
#include <weft/layers/feature_column.h>
#include <weft/layers/input_layer.h>
#include <weft/layers/linear_model.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace weft {

struct DNNLinearCombinedEstimatorOptions {
  Head head;
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
  RunConfig config = {};
  /// A checkpoint of another model to start from, where model_dir has none.
  WarmStartSettings warm_start_from = {};
  /// How variables and slots are called in checkpoints. v1 with columns of shared_embeddings is v1_with_v2_columns.
  NamingScheme names = NamingScheme::v1;
};

/// The logits of a linear model and of a network added up, each trained by an optimizer of its own. It may be moved
/// into an Estimator, which goes on with the same model.
class DNNLinearCombinedEstimator : public Estimator {
 public:
  /// Makes the parameters. Throws ValueError for options and columns, IoError and DataError for vocabularies and
  /// model_dir.
  explicit DNNLinearCombinedEstimator(DNNLinearCombinedEstimatorOptions options);

  /// The logits of a batch on a tape, [batch, head().logits_dimension()].
  Var logits(Tape& tape, const Features& features) const;
  const Head& head() const;
  /// Null without linear_feature_columns.
  const LinearModel* linear_model() const;
  /// Null without dnn_feature_columns.
  const InputLayer* input_layer() const;

 private:
  struct Parts;
  DNNLinearCombinedEstimator(const std::shared_ptr<Parts>& parts, DNNLinearCombinedEstimatorOptions options);

  std::shared_ptr<const Parts> parts_;  // shared with the model's functions, which the base keeps
};

}  // namespace weft
