// The features of a configuration: what the examples hold, by name.
#pragma once
#include "config_value.h"

#include <weft/core/parse_spec.h>

#include <map>

/// One feature as it is described.
struct ConfigFeature {
  weft::DataType type = weft::DataType::float32;
  /// Given for features of a fixed size only.
  std::optional<std::vector<int64_t>> shape = {};
  std::optional<weft::FixedLenFeature::Default> default_value = {};
};

class ConfigFeatures {
 public:
  /// Reads "features", a list.
  explicit ConfigFeatures(Section& config);
  /// The feature that the key of a section names; null, which is told, if there is none.
  const ConfigFeature* find(Section& section, std::string_view key, std::string& name) const;
  /// Null if there is none.
  const ConfigFeature* find(const std::string& name) const;
  std::vector<std::string> names() const;

 private:
  std::map<std::string, ConfigFeature> features_;
};

/// As one of a fixed size, [1] if it has no shape.
weft::FixedLenFeature fixed_length(const ConfigFeature& feature);
