// Row places: which of a gradient's sums each use of a row goes to. It depends on ids alone, so that where a batch is
// small it can be found ahead of the step, by whoever makes batches.
#pragma once
#include <weft/core/buffer.h>
#include <weft/core/kernels.h>
#include <weft/core/sparse_rows.h>

#include <cstdint>
#include <span>

namespace weft {

/// Gives rows numbers from 0 on as they are met: the places of their sums.
class RowNumbering {
 public:
  /// Up to `uses` rows will be met, of a table of `table_rows` rows. `rows` is memory to use again. The numbers of a
  /// small table's rows are in an array that the thread keeps, unless another numbering has it; others are in a hash
  /// table. To be destroyed on the thread that made it.
  RowNumbering(int64_t uses, int64_t table_rows, Buffer rows = {});
  RowNumbering(const RowNumbering&) = delete;
  RowNumbering& operator=(const RowNumbering&) = delete;
  ~RowNumbering();

  void number(std::span<const int32_t> rows, int32_t* places);
  /// Each use's row becomes its place.
  void number(std::span<kernels::Use> uses);
  /// The distinct rows that were met, in that order.
  const int32_t* rows() const { return rows_.as<int32_t>() + 1; }
  uint32_t count() const { return count_; }
  /// Holds rows(), from its second number on.
  const Buffer& memory() const { return rows_; }

 private:
  template <bool kHashed, class Use>
  void number_each(int64_t n, const Use& use);

  Buffer rows_;  ///< int32, from number 1 on
  Buffer hash_table_;
  uint32_t* numbers_;  ///< 0, or 1 + the number of a row: at the row, or at its hash or after it
  int shift_ = 0;      ///< of the hash
  uint32_t count_ = 0;
};

/// Whether the sums of `uses` rows of `width` numbers stay in cache, so that they are made in one go.
bool few_sums(int64_t uses, int64_t width);

/// Finds the places of the ids of shares that make up the gradient of a table of `table_rows` rows, in their order
/// there.
void find_row_places(std::span<Share* const> shares, int64_t table_rows);

/// Whether the places of these shares were found together, in this order.
bool have_places_together(std::span<const Share> shares);

}  // namespace weft
