// The columns of a configuration, by name.
#pragma once
#include "config_features.h"

#include <weft/layers/feature_column.h>

#include <set>

/// A column, or the columns that share a table.
struct ConfigColumn {
  std::string name;
  std::string kind;
  std::vector<weft::FeatureColumn> columns;
  bool used = false;  ///< by another column
};

class ConfigColumns {
 public:
  /// Reads "columns", a list in which a column stands behind those that it is made from.
  ConfigColumns(Section& config, const ConfigFeatures& features);

  const std::vector<ConfigColumn>& columns() const { return columns_; }
  /// The columns that the key of a section lists by name; if the key is not there, all those that no other column uses.
  weft::FeatureColumns list(Section& section, std::string_view key);

  /// What the kinds of columns need to be made.
  const ConfigFeatures& features() const { return *features_; }
  /// The column of this name, which becomes a used one. Null if there is none: told, unless it is one that could not be
  /// made, as that is told already.
  const ConfigColumn* use(Section& section, std::string_view key, const std::string& name);
  const weft::CategoricalColumn* use_categorical(Section& section, std::string_view key, const std::string& name);
  /// The same of the column that the key names.
  const weft::CategoricalColumn* use_categorical(Section& section, std::string_view key);
  bool has(const std::string& name) const;
  /// Columns that could not be made.
  bool failed(const std::string& name) const { return failed_.contains(name); }

 private:
  const ConfigFeatures* features_;
  std::vector<ConfigColumn> columns_;
  std::set<std::string> failed_;
};

/// Makes the columns of a section of this kind: nothing if something is wrong, which is told. config_inputs.cpp has
/// those that read features, config_tables.cpp those over others.
using MakeColumn = std::vector<weft::FeatureColumn> (*)(Section& section, ConfigColumns& columns);
struct ColumnKind {
  std::string name;
  MakeColumn make;
};
const std::vector<ColumnKind>& input_column_kinds();
const std::vector<ColumnKind>& made_column_kinds();
