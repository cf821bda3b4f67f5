// ColumnIds: makes the ids of categorical columns from features.
#pragma once
#include <weft/core/features.h>
#include <weft/core/ids.h>
#include <weft/layers/categorical_column.h>

#include <memory>
#include <string>
#include <vector>

namespace weft {

class Vocabulary;

/// A list of categorical columns with their vocabularies. Equal columns have one place in it, and vocabularies are
/// loaded once a file and options. Making ids is const and safe from several threads.
class ColumnIds {
 public:
  ColumnIds();
  ColumnIds(ColumnIds&&) noexcept;
  ColumnIds& operator=(ColumnIds&&) noexcept;
  ~ColumnIds();

  /// Adds a column and what it is made of; returns its place. Throws IoError or DataError for its vocabulary.
  size_t add(const CategoricalColumn& column);
  size_t size() const { return steps_.size(); }
  /// ids[place] becomes the ids of the column there, for all columns; the memory of `ids` is used again. Throws
  /// ValueError for features that are missing or of the wrong type.
  void make(const Features& features, std::vector<Ids>& ids) const;

 private:
  struct Step;
  size_t add_values(const std::string& key);
  std::vector<size_t> add_leaves(const CrossedColumn& cross);
  template <class Column>
  std::shared_ptr<const Vocabulary> load(const Column& column) const;
  void make_crossed(const Step& step, const Features& features, std::vector<Ids>& ids, Ids& out) const;
  std::vector<std::unique_ptr<const Step>> steps_;
};

}  // namespace weft
