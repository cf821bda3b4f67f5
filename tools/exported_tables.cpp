// Tables for the projector: each column's table is found by its name, and its words in the column.
#include "exported_tables.h"

#include <weft/core/error.h>
#include <weft/estimator/naming.h>
#include <weft/io/projector.h>
#include <weft/layers/column_kinds.h>

#include <algorithm>
#include <list>

using namespace weft;

namespace {

/// Nothing for ids that are not words.
std::optional<Vocabulary> vocabulary_of(const CategoricalColumn& column) {
  if (const auto* weighted = column.get_if<WeightedColumn>()) return vocabulary_of(*weighted->categorical_column);
  std::optional<Vocabulary> vocabulary;
  if (const auto* file = column.get_if<VocabularyFileColumn>()) vocabulary = load_vocabulary(*file);
  if (const auto* list = column.get_if<VocabularyListColumn>()) vocabulary = load_vocabulary(*list);
  if (vocabulary && vocabulary->integers()) vocabulary.reset();
  return vocabulary;
}

std::string parameter_name(const FeatureColumn& column, const EmbeddingTable& table) {
  return table.shared() ? shared_table_name(NamingScheme::v1, table.name) : table_name(column.name());
}

}  // namespace

std::vector<std::string> export_tables(const ConfigModel& model, ParameterStore& params, const std::string& directory,
                                       std::optional<int64_t> max_rows) {
  std::list<Vocabulary> vocabularies;  // labels look into them
  std::vector<ProjectorTable> tables;
  std::vector<std::string> names;
  for (const FeatureColumn& column : model.dnn_columns) {
    const auto* embedding = column.get_if<EmbeddingColumn>();
    if (embedding == nullptr) continue;
    const std::string name = parameter_name(column, *embedding->table);
    if (std::ranges::count(names, name) > 0) continue;
    names.push_back(name);
    std::function<std::string(int64_t row)> label;
    if (std::optional<Vocabulary> vocabulary = vocabulary_of(embedding->categorical_column)) {
      vocabularies.push_back(std::move(*vocabulary));
      label = labels_of(vocabularies.back());
    }
    tables.push_back(projector_table(params.at(name), std::move(label)));
  }
  if (tables.empty()) {
    throw ValueError("[weft export] projector: got a model without embedding columns, expected one or more.");
  }
  write_projector({.dir = directory, .max_rows = max_rows}, tables);
  return names;
}
