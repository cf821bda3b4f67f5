// Categorical columns: values that describe how a feature becomes ids (tf.feature_column.categorical_column_with_*).
#pragma once
#include <weft/core/parse_spec.h>

#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace weft {

class CategoricalColumn;

/// tf.feature_column.numeric_column. Each example has shape[0] * shape[1] * ... numbers.
struct NumericColumn {
  std::string key;
  std::vector<int64_t> shape = {1};
  /// One number for all elements, or one an element; none: the feature is required.
  std::vector<double> default_value = {};
  DataType dtype = DataType::float32;
  /// Applied to every number after the cast to float32.
  std::function<float(float)> normalizer_fn = {};

  int64_t width() const;  ///< numbers an example
  /// False where normalizers are involved: they can't be compared.
  bool operator==(const NumericColumn& other) const;
};
/// Throws ValueError for a shape, default or dtype that can't be.
NumericColumn numeric_column(NumericColumn column);

/// tf.feature_column.sequence_numeric_column: a sparse feature of numbers, shape[0] * shape[1] * ... of them a step.
struct SequenceNumericColumn {
  std::string key;
  std::vector<int64_t> shape = {1};
  double default_value = 0.0;  ///< pads sequences to the length of the longest
  DataType dtype = DataType::float32;
  /// Applied to every number that is there, after the cast to float32; never to the padding.
  std::function<float(float)> normalizer_fn = {};

  int64_t width() const;  ///< numbers a step
};
/// Throws ValueError for a shape or dtype that can't be.
SequenceNumericColumn sequence_numeric_column(SequenceNumericColumn column);

/// The words of a vocabulary: strings or integers.
struct VocabularyList {
  std::vector<std::string> strings;
  std::vector<int64_t> integers;

  VocabularyList() = default;
  VocabularyList(std::initializer_list<std::string> words) : strings(words) {}
  VocabularyList(std::initializer_list<int64_t> words) : integers(words) {}
  VocabularyList(std::vector<std::string> words) : strings(std::move(words)) {}  // NOLINT: a list is a vocabulary
  VocabularyList(std::vector<int64_t> words) : integers(std::move(words)) {}     // NOLINT
  bool operator==(const VocabularyList&) const = default;
};

/// Arguments of tf.feature_column.categorical_column_with_vocabulary_file.
struct VocabularyFileColumn {
  std::string key;
  std::string vocabulary_file;
  std::optional<int64_t> vocabulary_size = {};  ///< filled in from the file if not given
  int64_t num_oov_buckets = 0;
  std::optional<int64_t> default_value = {};  ///< -1 if not given; not together with buckets
  DataType dtype = DataType::string;
  bool operator==(const VocabularyFileColumn&) const = default;
};
/// Arguments of tf.feature_column.categorical_column_with_vocabulary_list.
struct VocabularyListColumn {
  std::string key;
  VocabularyList vocabulary_list = {};
  std::optional<DataType> dtype = {};  ///< that of the words if not given
  int64_t default_value = -1;
  int64_t num_oov_buckets = 0;
  bool operator==(const VocabularyListColumn&) const = default;
};
/// Arguments of tf.feature_column.categorical_column_with_identity.
struct IdentityColumn {
  std::string key;
  int64_t num_buckets = 0;
  std::optional<int64_t> default_value = {};  ///< replaces ids outside [0, num_buckets), negative ones too
  bool operator==(const IdentityColumn&) const = default;
};
/// Arguments of tf.feature_column.categorical_column_with_hash_bucket.
struct HashBucketColumn {
  std::string key;
  std::optional<int64_t> hash_bucket_size = {};
  DataType dtype = DataType::string;
  bool operator==(const HashBucketColumn&) const = default;
};
/// Which of the boundaries' intervals a number lies in; element k of the source has ids of its own.
struct BucketizedColumn {
  NumericColumn source_column;
  std::vector<float> boundaries;
  bool operator==(const BucketizedColumn&) const = default;
};
/// A categorical column with a weight an id, from another feature.
struct WeightedColumn {
  std::shared_ptr<const CategoricalColumn> categorical_column;  // shared: immutable, and copies of a column are cheap
  std::string weight_feature_key;
  DataType dtype = DataType::float32;
  bool operator==(const WeightedColumn& other) const;
};
/// What is crossed: the values of a feature as they are, or the ids of a column.
struct CrossedKey {
  std::string key;
  std::shared_ptr<const CategoricalColumn> column;  // null: the feature `key`

  CrossedKey(const char* key) : key(key) {}             // NOLINT: a key or a column is something to cross
  CrossedKey(std::string key) : key(std::move(key)) {}  // NOLINT
  CrossedKey(CategoricalColumn column);                 // NOLINT
  bool operator==(const CrossedKey& other) const;
};
struct CrossedColumn {
  std::vector<CrossedKey> keys;
  int64_t hash_bucket_size = 0;
  uint64_t hash_key = 0;  ///< 0: TensorFlow's default
  bool operator==(const CrossedColumn&) const = default;
};
/// A categorical column whose order within an example counts.
struct SequenceColumn {
  std::shared_ptr<const CategoricalColumn> categorical_column;
  bool operator==(const SequenceColumn& other) const;
};

/// A value: a column of ids in [0, num_buckets()). Equal columns yield equal ids.
class CategoricalColumn {
 public:
  using Kind = std::variant<VocabularyFileColumn, VocabularyListColumn, IdentityColumn, HashBucketColumn,
                            BucketizedColumn, WeightedColumn, CrossedColumn, SequenceColumn>;
  /// Takes the kind as it is; the functions below check their arguments first.
  explicit CategoricalColumn(Kind kind) : kind_(std::move(kind)) {}

  const Kind& kind() const { return kind_; }
  template <class T>
  const T* get_if() const {
    return std::get_if<T>(&kind_);
  }
  std::string name() const;  ///< "video", "video_weighted_by_w", "age_bucketized", "a_X_b"
  int64_t num_buckets() const;
  /// The features it reads. Throws ValueError if the weights' key is the ids'.
  ParseSpec parse_spec() const;
  bool operator==(const CategoricalColumn&) const = default;

 private:
  Kind kind_;
};
/// As TensorFlow prints it, "IdentityCategoricalColumn(key='a', number_buckets=5, default_value=None)": for messages.
std::string describe(const CategoricalColumn& column);
std::string describe(const NumericColumn& column);
std::string describe(const SequenceNumericColumn& column);

/// Ids are line numbers of a file. Counts the lines if vocabulary_size is not given. Throws ValueError.
CategoricalColumn categorical_column_with_vocabulary_file(VocabularyFileColumn column);
/// Ids are places in a list. Throws ValueError.
CategoricalColumn categorical_column_with_vocabulary_list(VocabularyListColumn column);
/// Ids are the values. Throws ValueError.
CategoricalColumn categorical_column_with_identity(IdentityColumn column);
/// Ids are hashes: fingerprint64(value) mod hash_bucket_size. Throws ValueError.
CategoricalColumn categorical_column_with_hash_bucket(HashBucketColumn column);
/// Ids are intervals between boundaries; a number on a boundary goes up, NaN to the last one. Throws ValueError.
CategoricalColumn bucketized_column(NumericColumn source_column, std::vector<float> boundaries);

struct WeightedOptions {
  std::string weight_feature_key;
  DataType dtype = DataType::float32;
};
/// tf.feature_column.weighted_categorical_column. Throws ValueError.
CategoricalColumn weighted_categorical_column(CategoricalColumn categorical_column, const WeightedOptions& options);

struct CrossedOptions {
  std::optional<int64_t> hash_bucket_size = {};
  std::optional<uint64_t> hash_key = {};
};
/// tf.feature_column.crossed_column. Throws ValueError for fewer than two keys or a hashed column among them.
CategoricalColumn crossed_column(std::vector<CrossedKey> keys, const CrossedOptions& options);

/// tf.feature_column.sequence_categorical_column_with_*: the same columns where the order counts. Throws ValueError.
CategoricalColumn sequence_categorical_column_with_vocabulary_file(VocabularyFileColumn column);
CategoricalColumn sequence_categorical_column_with_vocabulary_list(VocabularyListColumn column);
CategoricalColumn sequence_categorical_column_with_identity(IdentityColumn column);
CategoricalColumn sequence_categorical_column_with_hash_bucket(HashBucketColumn column);

}  // namespace weft
