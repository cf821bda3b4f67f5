// VocabRemap: where each word of a new vocabulary stood in an old one, and arrays that follow.
#pragma once
#include <weft/core/rows_view.h>
#include <weft/estimator/warm_start.h>
#include <weft/io/formats/named_tensors.h>

#include <cstdint>
#include <string>
#include <vector>

namespace weft {

/// The place of each new row (or column) in the old array; -1: it is new.
class VocabRemap {
 public:
  /// Loads both vocabularies. Throws IoError and DataError for them, ValueError for an axis other than 0 and 1.
  explicit VocabRemap(const VocabInfo& info);
  /// Words of the new vocabulary, and out-of-vocabulary buckets.
  int64_t new_extent() const { return static_cast<int64_t>(old_of_new_.size()); }
  /// Words of the old vocabulary: what the old array must have at least.
  int64_t old_extent() const { return old_extent_; }
  const std::vector<int64_t>& old_of_new() const { return old_of_new_; }
  /// New rows, or columns, that were not in the old vocabulary.
  int64_t new_words() const;

  /// Reads an array's rows into the rows of `out` that they have become; the others stay. Reads each old row once, in
  /// order.
  void read_rows(const NamedTensors& tensors, const std::string& array, const RowsView& out) const;
  /// The same by columns; `old_width` is a row's of the old array.
  void read_columns(const NamedTensors& tensors, const std::string& array, int64_t old_width,
                    const RowsView& out) const;

 private:
  std::vector<int64_t> old_of_new_;
  int64_t old_extent_ = 0;
};

}  // namespace weft
