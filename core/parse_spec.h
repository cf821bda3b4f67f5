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

using FeatureSpec = std::variant<FixedLenFeature, VarLenFeature>;
/// Keys in ASCII order.
using ParseSpec = std::map<std::string, FeatureSpec, std::less<>>;

}  // namespace weft
