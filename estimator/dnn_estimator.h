// DNNEstimator: feature columns and hidden layers under any head (tf.estimator.DNNEstimator).
#pragma once
#include <weft/core/ops/ops.h>
#include <weft/estimator/estimator.h>
#include <weft/estimator/heads/head.h>
#include <weft/estimator/naming.h>
#include <weft/layers/feature_column.h>
#include <weft/layers/input_layer.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace weft {

class DnnNetwork;

struct DNNEstimatorOptions {
  Head head;
  /// Units of each hidden layer; none: the logits stand on the input.
  std::vector<int64_t> hidden_units;
  FeatureColumns feature_columns;
  /// Where checkpoints are saved and found again. Empty: nothing is saved, the model lives in this object.
  std::string model_dir = {};
  Optimizer optimizer = adagrad({.learning_rate = 0.05f});
  Activation activation_fn = relu;
  /// The share of each hidden layer's outputs that is dropped while training, in [0, 1).
  float dropout = 0.0f;
  /// Batch normalisation after each hidden layer (and its dropout).
  bool batch_norm = false;
  RunConfig config = {};
  /// A checkpoint of another model to start from, where model_dir has none.
  WarmStartSettings warm_start_from = {};
  /// How variables and slots are called in checkpoints. v1 with columns of shared_embeddings is v1_with_v2_columns.
  NamingScheme names = NamingScheme::v1;
};

/// An Estimator whose layers can be asked for. It may be moved into an Estimator, which goes on with the same model.
class DNNEstimator : public Estimator {
 public:
  /// Makes the parameters. Throws ValueError for options and columns, IoError and DataError for vocabularies and
  /// model_dir.
  explicit DNNEstimator(DNNEstimatorOptions options);

  /// The logits of a batch on a tape, [batch, head().logits_dimension()].
  Var logits(Tape& tape, const Features& features) const;
  const Head& head() const;
  const InputLayer& input_layer() const;
  const DnnNetwork& network() const;

 private:
  struct Parts;
  DNNEstimator(const std::shared_ptr<Parts>& parts, DNNEstimatorOptions options);

  std::shared_ptr<const Parts> parts_;  // shared with the model's functions, which the base keeps
};

}  // namespace weft
