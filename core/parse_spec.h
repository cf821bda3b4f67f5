// ParseSpec: which features of an Example to read, and as what (tf.io.FixedLenFeature and its siblings).
#pragma once
#include <weft/core/features.h>

#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace weft {

/// tf.io.FixedLenFeature: `shape` values an example; a dense [batch, shape...] feature. Without a default it is
/// required.
struct FixedLenFeature {
  std::vector<int64_t> shape = {};
  DataType type = DataType::float32;
  /// One value for a scalar shape, else one an element; set the list that fits `type`.
  struct Default {
    std::vector<float> floats = {};
    std::vector<int64_t> integers = {};
    std::vector<std::string> strings = {};
    bool operator==(const Default&) const = default;
  };
  std::optional<Default> default_value = {};
  bool operator==(const FixedLenFeature&) const = default;
};

/// tf.io.VarLenFeature: any number of values an example; a sparse feature.
struct VarLenFeature {
  DataType type = DataType::string;
  bool operator==(const VarLenFeature&) const = default;
};

/// tf.io.FixedLenSequenceFeature: any number of steps an example, `shape` values a step; a dense [batch, longest,
/// shape...] feature, filled up with `default_value` (one value; without it 0 or "").
struct FixedLenSequenceFeature {
  std::vector<int64_t> shape = {};
  DataType type = DataType::float32;
  /// tf.io.parse_example refuses false, the default of TensorFlow.
  bool allow_missing = false;
  std::optional<FixedLenFeature::Default> default_value = {};
  bool operator==(const FixedLenSequenceFeature&) const = default;
};

/// tf.io.SparseFeature: a sparse feature of dense_shape [batch, size...] whose coordinates stand in the examples under
/// `index_key`, a key a dimension, and whose values under `value_key`. Within an example the values are sorted by their
/// coordinates, unless they are said to be sorted.
struct SparseFeature {
  std::vector<std::string> index_key = {};
  std::string value_key = {};
  DataType type = DataType::float32;
  std::vector<int64_t> size = {};
  bool already_sorted = false;
  bool operator==(const SparseFeature&) const = default;
};

/// tf.io.RaggedFeature: the values under `value_key` (absent: the feature's own key), cut by `partitions` into nested
/// rows, the outermost first. Without partitions the result is a VarLenFeature's; with them see Feature::row_splits.
/// Row splits are int64 and always checked (TensorFlow's row_splits_dtype, validate = True).
struct RaggedFeature {
  struct RowSplits {
    std::string key;  ///< [rows + 1], from 0 to the number of values
    bool operator==(const RowSplits&) const = default;
  };
  struct RowLengths {
    std::string key;  ///< [rows]
    bool operator==(const RowLengths&) const = default;
  };
  struct RowStarts {
    std::string key;  ///< [rows], the first 0
    bool operator==(const RowStarts&) const = default;
  };
  struct RowLimits {
    std::string key;  ///< [rows], the last the number of values
    bool operator==(const RowLimits&) const = default;
  };
  struct ValueRowIds {
    std::string key;  ///< [values], not decreasing: each value's row, below 2^20
    bool operator==(const ValueRowIds&) const = default;
  };
  struct UniformRowLength {
    int64_t length = 1;
    bool operator==(const UniformRowLength&) const = default;
  };
  using Partition = std::variant<RowSplits, RowLengths, RowStarts, RowLimits, ValueRowIds, UniformRowLength>;

  DataType type = DataType::int64;
  std::optional<std::string> value_key = {};
  std::vector<Partition> partitions = {};
  bool operator==(const RaggedFeature&) const = default;
};

using FeatureSpec = std::variant<FixedLenFeature, VarLenFeature, FixedLenSequenceFeature, SparseFeature, RaggedFeature>;
/// Keys in ASCII order.
using ParseSpec = std::map<std::string, FeatureSpec, std::less<>>;

}  // namespace weft
