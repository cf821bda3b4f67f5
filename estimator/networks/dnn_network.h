// DnnNetwork: an input layer, hidden layers and the logits' layer, under TensorFlow's names ("dnn/...").
#pragma once
#include <weft/core/ops/ops.h>
#include <weft/core/parameter.h>
#include <weft/core/tape.h>
#include <weft/estimator/naming.h>
#include <weft/layers/batch_norm.h>
#include <weft/layers/dense.h>
#include <weft/layers/dropout.h>
#include <weft/layers/feature_column.h>
#include <weft/layers/input_layer.h>
#include <weft/optim/optimizer.h>

#include <cstdint>
#include <optional>
#include <vector>

namespace weft {

struct DnnNetworkOptions {
  /// Units of each hidden layer; none: the logits stand on the input.
  std::vector<int64_t> hidden_units;
  FeatureColumns feature_columns;
  Activation activation_fn = relu;
  /// The share of each hidden layer's outputs that is dropped while training, in [0, 1).
  float dropout = 0.0f;
  bool batch_norm = false;
  int64_t logits_dimension = 1;
  /// Of the hidden layers' products; those of the logits are float32.
  MatmulPrecision precision = MatmulPrecision::float32;
  NamingScheme names = NamingScheme::v1;
};

/// A handle on the parameters of a store, which must outlive it.
class DnnNetwork {
 public:
  /// Throws ValueError for units below 1 and columns that can't be, IoError and DataError for vocabularies.
  DnnNetwork(ParameterStore& params, const DnnNetworkOptions& options);
  /// [batch, logits_dimension].
  Var operator()(Tape& tape, const Features& features) const;
  InputLayer& input_layer() { return input_; }
  const InputLayer& input_layer() const { return input_; }
  const DnnNetworkOptions& options() const { return options_; }

 private:
  /// A hidden layer: its sums and activation, then dropout, then batch normalisation.
  struct Hidden {
    Dense dense;
    Dropout dropout;
    std::optional<BatchNorm> norm;
  };

  DnnNetworkOptions options_;
  InputLayer input_;
  std::vector<Hidden> hidden_;
  std::optional<Dense> logits_;
};

/// The scheme that v1's names become with columns of shared_embeddings. Throws ValueError for columns of
/// shared_embedding_columns under v2's. `where` starts the message.
NamingScheme naming_scheme_of(const char* where, NamingScheme names, const FeatureColumns& columns);

/// Throws ValueError for no columns.
void check_feature_columns(const char* where, const FeatureColumns& columns);

}  // namespace weft
