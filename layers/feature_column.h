// Feature columns: values that describe how features become the input of a model (tf.feature_column).
#pragma once
#include <weft/core/initializer.h>
#include <weft/core/ops/embedding_lookup.h>
#include <weft/core/parse_spec.h>

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
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
  DataType type = DataType::float32;
  /// Applied to every number after the cast to float32.
  std::function<float(float)> normalizer_fn = {};
};

struct VocabularyFileColumn {
  std::string key;
  std::string vocabulary_file;
  std::optional<int64_t> vocabulary_size = {};  ///< filled in from the file if not given
  int64_t num_oov_buckets = 0;
  int64_t default_value = -1;
  DataType type = DataType::string;
};
struct VocabularyListColumn {
  std::string key;
  std::vector<std::string> strings = {};   ///< the vocabulary: strings or integers
  std::vector<int64_t> integers = {};
  int64_t num_oov_buckets = 0;
  int64_t default_value = -1;
  DataType type = DataType::string;
};
struct IdentityColumn {
  std::string key;
  int64_t num_buckets = 0;
  std::optional<int64_t> default_value = {};
};
struct HashBucketColumn {
  std::string key;
  int64_t hash_bucket_size = 0;
  DataType type = DataType::string;
};
struct BucketizedColumn {
  NumericColumn source_column;
  std::vector<float> boundaries;
};
/// A categorical column with a weight an id, from another feature of the same shape.
struct WeightedColumn {
  std::shared_ptr<const CategoricalColumn> categorical_column;  // shared: immutable, and copies of a column are cheap
  std::string weight_feature_key;
  DataType type = DataType::float32;
};
struct CrossedColumn;

/// A value: a column of ids in [0, num_buckets).
class CategoricalColumn {
 public:
  using Kind = std::variant<VocabularyFileColumn, VocabularyListColumn, IdentityColumn, HashBucketColumn, BucketizedColumn, WeightedColumn>;
  CategoricalColumn(Kind kind) : kind(std::move(kind)) {}  // NOLINT: a column of any kind is a categorical column
  Kind kind;
};
