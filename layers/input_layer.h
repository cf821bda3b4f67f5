// InputLayer: feature columns side by side, the first layer of a model (tf.feature_column.input_layer).
#pragma once
#include <weft/core/features.h>
#include <weft/core/parameter.h>
#include <weft/core/tape.h>
#include <weft/layers/feature_column.h>
#include <weft/layers/row_origin.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace weft {

struct InputLayerOptions {
  /// Where the tables' names start: "<scope>/<column>/embedding_weights".
  std::string scope = "input_layer";
  /// Names of shared tables; "{scope}" and "{collection}" are replaced. Empty: TensorFlow's own,
  /// "{scope}/{collection}/embedding_weights" for shared_embedding_columns and "{collection}" for shared_embeddings.
  std::string shared_table_name = {};
  /// True: a column's name stands in its table's as TensorFlow 2's layers write it, every character but letters, digits
  /// and "_.-" as "_"; TensorFlow 1's input_layer leaves it as it is.
  bool plain_names = false;
};

/// The counts of a column, under its name.
struct ColumnCounts {
  std::string column;
  IdCounts counts;
};
/// "video_shared_embedding: 1000 values, 12 out of vocabulary, 3 of 100 bags empty": a line a column, without the
/// kinds that did not occur.
std::string to_string(const std::vector<ColumnCounts>& counts);

/// A handle on the tables of a store, which must outlive it. Makes one Parameter per distinct shared description, so
/// that columns which share a table read one Parameter, in several layers on one store too. The output is
/// [batch, width()]: columns in ASCII order of their names.
class InputLayer {
 public:
  /// Loads vocabularies (once a file) and, where a column says so, tables from checkpoints. Throws ValueError for
  /// columns that can't be inputs or share a name, IoError and DataError for their files.
  InputLayer(ParameterStore& params, const FeatureColumns& columns, const InputLayerOptions& options = {});
  InputLayer(InputLayer&&) noexcept;
  InputLayer& operator=(InputLayer&&) noexcept;
  ~InputLayer();

  int64_t width() const;
  /// [batch, width()]. Throws ValueError for features that are missing, of the wrong type, or of different batches.
  /// Several threads may call it at once.
  Var operator()(Tape& tape, const Features& features) const;
  /// Turns features into ids ahead, so that operator() finds them done: what a data set's threads do (Dataset::map).
  /// Once such features have been trained on, what a training step makes of ids alone is made ahead as well. The
  /// features must not change between this and operator().
  void prepare(Features& features) const;
  /// Names of the columns in the order of the output, and where each starts.
  struct Place {
    std::string column;
    int64_t first = 0;
    int64_t width = 0;
  };
  const std::vector<Place>& places() const;
  /// The table of a place; null for a column without one.
  const Parameter* table(size_t place) const;

  /// Which value of an example reads a row of a table; nothing if none does. For messages: it is slow.
  std::optional<RowOrigin> origin(const Parameter& table, int64_t row, const Features& features, int64_t example) const;

  /// What became of the values of each column of ids in all calls since reset_counts(), in the order of the output.
  std::vector<ColumnCounts> counts() const;
  void reset_counts();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace weft
