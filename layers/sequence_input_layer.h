// SequenceInputLayer: feature columns over sequences side by side (tf.keras.experimental.SequenceFeatures).
#pragma once
#include <weft/core/buffer.h>
#include <weft/core/features.h>
#include <weft/core/parameter.h>
#include <weft/core/tape.h>
#include <weft/layers/feature_column.h>
#include <weft/layers/input_layer.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace weft {

struct SequenceInputLayerOptions {
  /// Where the tables' names start: "<scope>/<column>/embedding_weights".
  std::string scope = "sequence_features";
  /// As InputLayerOptions::shared_table_name.
  std::string shared_table_name = {};
};

/// A batch of sequences: what a SequenceInputLayer yields.
struct Sequences {
  Var values;                        ///< [batch, steps, width]; embeddings are zeros after a sequence's end
  std::span<const int64_t> lengths;  ///< [batch], valid as long as this struct or a copy of it
  Buffer memory;                     ///< of the lengths
};

/// A handle on the tables of a store, which must outlive it. Takes embedding columns (shared or not) and indicator
/// columns over sequence_categorical_column_with_*, and sequence_numeric_column. Ids of a feature [batch, steps] give a
/// row each, those of one [batch, steps, ids] are combined within their step. Columns that share a table read one
/// Parameter, with InputLayers on the same store too.
class SequenceInputLayer {
 public:
  /// Throws ValueError for columns that are no sequences or share a name, IoError and DataError for their files; then
  /// the store is left as it was.
  SequenceInputLayer(ParameterStore& params, const FeatureColumns& columns,
                     const SequenceInputLayerOptions& options = {});
  SequenceInputLayer(SequenceInputLayer&&) noexcept;
  SequenceInputLayer& operator=(SequenceInputLayer&&) noexcept;
  ~SequenceInputLayer();

  int64_t width() const;
  /// Throws ValueError for features that are missing, of the wrong type, or whose sequences differ in number, steps or
  /// length from column to column. Several threads may call it at once.
  Sequences operator()(Tape& tape, const Features& features) const;
  /// Turns features into ids ahead, as InputLayer::prepare.
  void prepare(Features& features) const;
  /// The columns in the order of the output.
  const std::vector<InputLayer::Place>& places() const;

  /// As InputLayer::counts; a sequence is one bag.
  std::vector<ColumnCounts> counts() const;
  void reset_counts();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace weft
