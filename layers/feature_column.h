// Feature columns: values that describe how features become the input of a model (tf.feature_column).
#pragma once
#include <weft/core/initializer.h>
#include <weft/core/ops/embedding_lookup.h>
#include <weft/core/parse_spec.h>
#include <weft/layers/categorical_column.h>

#include <concepts>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace weft {

/// How often each id occurs in the example (the sum of its weights): [batch, num_buckets].
struct IndicatorColumn {
  CategoricalColumn categorical_column;
};

/// A table as columns describe it. Columns that hold the same description (by identity) read the same table.
struct EmbeddingTable {
  std::string name;  ///< the collection's, or the column's if it is not shared
  int64_t num_buckets = 0;
  int64_t dimension = 0;
  Initializer initializer;
  std::string ckpt_to_load_from;
  std::string tensor_name_in_ckpt;
  bool trainable = true;
  /// Who made it, which says how its variable is called: embedding_column, shared_embedding_columns (v1) or
  /// shared_embeddings (v2).
  enum class Origin { column, shared_v1, shared_v2 };
  Origin origin = Origin::column;
  bool shared() const { return origin != Origin::column; }
};
/// The combined rows of an example's ids: [batch, dimension].
struct EmbeddingColumn {
  CategoricalColumn categorical_column;
  std::shared_ptr<const EmbeddingTable> table;  // shared: its identity is what columns share
  Combiner combiner = Combiner::mean;
  std::optional<float> max_norm;
  bool use_safe_embedding_lookup = true;
};

/// A value: one column of a model's input. A bucketized column is dense (one-hot) as it is; other categorical columns
/// describe what to parse, but must be wrapped to become an input. Wrapped sequence_* columns and
/// sequence_numeric_column are for a SequenceInputLayer.
class FeatureColumn {
 public:
  using Kind = std::variant<NumericColumn, CategoricalColumn, IndicatorColumn, EmbeddingColumn, SequenceNumericColumn>;
  template <class T>
  requires std::constructible_from<Kind, T> &&
      (!std::same_as<std::remove_cvref_t<T>, FeatureColumn>)FeatureColumn(T&& kind)
      : kind_(std::forward<T>(kind)) {}  // NOLINT: a column of any kind is a feature column

  const Kind& kind() const { return kind_; }
  template <class T>
  const T* get_if() const {
    return std::get_if<T>(&kind_);
  }
  std::string name() const;  ///< "x", "video_embedding", "video_shared_embedding", "video_indicator", "age_bucketized"
  /// Numbers an example, or a step of a sequence. Throws ValueError for a categorical column that is not dense.
  int64_t width() const;
  ParseSpec parse_spec() const;
  /// The table's name of a shared embedding, "" otherwise.
  std::string shared_embedding_collection_name() const;

 private:
  Kind kind_;
};
/// As TensorFlow prints it: for messages.
std::string describe(const FeatureColumn& column);

/// A list of columns that is written as columns and lists of columns in any mixture.
class FeatureColumns {
 public:
  FeatureColumns() = default;
  FeatureColumns(std::vector<FeatureColumn> columns) : columns_(std::move(columns)) {}  // NOLINT: is a list of columns
  template <class T>
  requires std::convertible_to<T, FeatureColumn> &&
      (!std::same_as<std::remove_cvref_t<T>, FeatureColumns>)FeatureColumns(T&& column)
      : columns_{FeatureColumn(std::forward<T>(column))} {}  // NOLINT: a list of one
  FeatureColumns(std::initializer_list<FeatureColumns> parts) {
    for (const FeatureColumns& part : parts)
      columns_.insert(columns_.end(), part.columns_.begin(), part.columns_.end());
  }

  auto begin() const { return columns_.begin(); }
  auto end() const { return columns_.end(); }
  size_t size() const { return columns_.size(); }
  bool empty() const { return columns_.empty(); }
  const FeatureColumn& operator[](size_t i) const { return columns_[i]; }

 private:
  std::vector<FeatureColumn> columns_;
};

/// tf.feature_column.indicator_column.
FeatureColumn indicator_column(CategoricalColumn categorical_column);

/// Arguments of embedding_column. The initializer's default is a truncated normal of stddev 1/sqrt(dimension).
struct EmbeddingOptions {
  std::optional<int64_t> dimension = {};
  Combiner combiner = Combiner::mean;
  std::optional<Initializer> initializer = {};
  std::string ckpt_to_load_from = {};    ///< a checkpoint's path, or a directory whose newest is taken
  std::string tensor_name_in_ckpt = {};  ///< both or neither
  std::optional<float> max_norm = {};
  bool trainable = true;
  bool use_safe_embedding_lookup = true;
};
/// tf.feature_column.embedding_column: a table of its own. Throws ValueError.
FeatureColumn embedding_column(CategoricalColumn categorical_column, const EmbeddingOptions& options);

/// Arguments of shared_embedding_columns and shared_embeddings.
struct SharedEmbeddingOptions {
  std::optional<int64_t> dimension = {};
  Combiner combiner = Combiner::mean;
  std::optional<Initializer> initializer = {};
  /// The table's name; by default the columns' names, sorted and joined by "_", and "_shared_embedding".
  std::string shared_embedding_collection_name = {};
  std::string ckpt_to_load_from = {};
  std::string tensor_name_in_ckpt = {};
  std::optional<float> max_norm = {};
  bool trainable = true;
  bool use_safe_embedding_lookup = true;
};
/// tf.compat.v1.feature_column.shared_embedding_columns: columns that read one table, which an input layer calls
/// "<scope>/<collection>/embedding_weights". Throws ValueError for columns of different kinds or sizes.
std::vector<FeatureColumn> shared_embedding_columns(const std::vector<CategoricalColumn>& categorical_columns,
                                                    const SharedEmbeddingOptions& options);
/// tf.feature_column.shared_embeddings: the same, the table being called "<collection>".
std::vector<FeatureColumn> shared_embeddings(const std::vector<CategoricalColumn>& categorical_columns,
                                             const SharedEmbeddingOptions& options);

/// "mean", "sqrtn" or "sum". Throws ValueError for another name.
Combiner combiner_of(std::string_view name);

/// tf.feature_column.make_parse_example_spec: what all the columns read. Throws ValueError if two columns want one
/// feature in different forms.
ParseSpec make_parse_example_spec(const FeatureColumns& columns);
template <class... Columns>
requires(sizeof...(Columns) > 1) ParseSpec make_parse_example_spec(const Columns&... columns) {
  return make_parse_example_spec(FeatureColumns{FeatureColumns(columns)...});
}

struct ClassifierSpecOptions {
  std::string label_key;
  DataType label_dtype = DataType::int64;
  std::optional<FixedLenFeature::Default> label_default = {};
  std::string weight_column = {};  ///< empty: none
};
/// tf.estimator.classifier_parse_example_spec: the columns' features, the label and the weights. Throws ValueError if
/// the label or the weights are features too.
ParseSpec classifier_parse_example_spec(const FeatureColumns& columns, const ClassifierSpecOptions& options);

}  // namespace weft
