// LinearModel: a weighted sum of feature columns (tf.compat.v1.feature_column.linear_model, LinearModel).
#pragma once
#include <weft/core/features.h>
#include <weft/core/parameter.h>
#include <weft/core/tape.h>
#include <weft/layers/feature_column.h>
#include <weft/layers/input_layer.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace weft {

struct LinearModelOptions {
  /// The weights are "<scope>/<column>/weights", the bias "<scope>/bias_weights". A LinearClassifier's scope is
  /// "linear/linear_model".
  std::string scope = "linear_model";
  /// As InputLayerOptions::shared_table_name.
  std::string shared_table_name = {};
  int64_t units = 1;
  /// How the weights of several ids of one categorical column are combined.
  Combiner sparse_combiner = Combiner::sum;
  /// Of the weights and the bias; tables of embedding columns say it themselves.
  bool trainable = true;
};

/// A handle on the parameters of a store, which must outlive it, as the layer must outlive tapes it was called with. A
/// categorical column (bucketized, crossed, weighted ...) has a weight an id and unit, [num_buckets, units], zeros at
/// first, whose gradient is rows; a dense column (numeric, indicator, embedding) a kernel [width, units].
class LinearModel {
 public:
  /// Throws ValueError for no columns, two of one name, sequences of numbers, or no units; IoError and DataError for
  /// the columns' files. Then the store is left as it was.
  LinearModel(ParameterStore& params, const FeatureColumns& columns, const LinearModelOptions& options = {});
  LinearModel(LinearModel&&) noexcept;
  LinearModel& operator=(LinearModel&&) noexcept;
  ~LinearModel();

  int64_t units() const;
  /// [batch, units]: the bias and the weights of all columns' ids and numbers. Throws ValueError for features that are
  /// missing, of the wrong type, or of different batches. Several threads may call it at once.
  Var operator()(Tape& tape, const Features& features) const;
  /// Turns features into ids ahead, as InputLayer::prepare.
  void prepare(Features& features) const;
  /// The columns in ASCII order of their names, and their weights.
  struct Place {
    std::string column;
    Parameter* weights = nullptr;
  };
  const std::vector<Place>& places() const;
  Parameter& bias() const;

  /// As InputLayer::origin.
  std::optional<RowOrigin> origin(const Parameter& table, int64_t row, const Features& features, int64_t example) const;
  /// As InputLayer::counts.
  std::vector<ColumnCounts> counts() const;
  void reset_counts();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace weft
