// The columns of a configuration: kinds, names, and which are made from which.
#include "config_columns.h"

#include <fmt/format.h>

#include <algorithm>

using namespace weft;

namespace {

std::vector<ColumnKind> all_kinds() {
  std::vector<ColumnKind> kinds = input_column_kinds();
  for (const ColumnKind& kind : made_column_kinds()) kinds.push_back(kind);
  return kinds;
}

/// Columns that read a feature may be called after it.
std::string name_of(Section& section) {
  std::string name;
  if (section.get("name", name)) return name;
  const ConfigJson* key = section.find("key");
  if (key != nullptr && key->is_string()) return key->get<std::string>();
  section.has("name", "a string");
  return "";
}

}  // namespace

ConfigColumns::ConfigColumns(Section& config, const ConfigFeatures& features) : features_(&features) {
  const std::vector<ColumnKind> kinds = all_kinds();
  std::vector<std::string> words;
  for (const ColumnKind& kind : kinds) words.push_back(kind.name);
  config.has("columns", "a list of columns");
  for (Section& section : sections(config, "columns")) {
    ConfigColumn column{.name = name_of(section), .kind = {}, .columns = {}};
    if (has(column.name)) section.fail("name", fmt::format("got '{}', which is another column's already", column.name));
    if (section.has("kind", fmt::format("one of {}, ...", words[0])) && section.choose("kind", column.kind, words)) {
      const auto kind = std::ranges::find(kinds, column.kind, &ColumnKind::name);
      column.columns = kind->make(section, *this);
    }
    if (column.columns.empty()) {
      failed_.insert(column.name);
    } else {
      columns_.push_back(std::move(column));
    }
  }
}

bool ConfigColumns::has(const std::string& name) const {
  return failed(name) || std::ranges::find(columns_, name, &ConfigColumn::name) != columns_.end();
}

const ConfigColumn* ConfigColumns::use(Section& section, std::string_view key, const std::string& name) {
  const auto found = std::ranges::find(columns_, name, &ConfigColumn::name);
  if (found != columns_.end()) {
    found->used = true;
    return &*found;
  }
  std::vector<std::string> names;
  for (const ConfigColumn& column : columns_) names.push_back(column.name);
  if (!failed(name)) {
    section.fail(key,
                 fmt::format("got '{}', expected a column that stands before.{}", name, similar_or_all(name, names)));
  }
  return nullptr;
}

const CategoricalColumn* ConfigColumns::use_categorical(Section& section, std::string_view key,
                                                        const std::string& name) {
  const ConfigColumn* column = use(section, key, name);
  if (column == nullptr) return nullptr;
  if (const auto* categorical = column->columns[0].get_if<CategoricalColumn>()) return categorical;
  section.fail(key, fmt::format("got '{}', a column of kind {}, expected a column of ids", name, column->kind));
  return nullptr;
}

const CategoricalColumn* ConfigColumns::use_categorical(Section& section, std::string_view key) {
  std::string name;
  return section.require(key, name) ? use_categorical(section, key, name) : nullptr;
}

FeatureColumns ConfigColumns::list(Section& section, std::string_view key) {
  std::vector<FeatureColumn> list;
  const auto add = [&](const ConfigColumn& column) {
    list.insert(list.end(), column.columns.begin(), column.columns.end());
  };
  std::vector<std::string> names;
  if (section.find(key) == nullptr) {
    for (const ConfigColumn& column : columns_) {
      if (!column.used) add(column);
    }
  } else if (section.get(key, names)) {
    for (const std::string& name : names) {
      if (const ConfigColumn* column = use(section, key, name)) add(*column);
    }
  }
  return list;
}
