// coalesce: groups all shares of a table by row and hands each touched row its summed gradient, once.
#pragma once
#include <weft/core/parameter.h>
#include <weft/core/sparse_rows.h>

namespace weft {

/// Called for a run of touched rows: rows [count], gradients [count, width], which may be changed. It may be called by
/// several threads at once, each row once. Must not throw. `part` numbers the runs: it and the order of rows within a
/// run depend on the gradient alone.
struct RowBatch {
  const int32_t* rows;
  float* gradients;
  int64_t gradient_stride;
  int64_t count;
  int64_t width;
  int64_t part;
  float* gradient(int64_t i) const { return gradients + i * gradient_stride; }
};
using RowBatchVisitor = std::function<void(const RowBatch&)>;

/// Sums the gradient of `table` by row in a fixed order (the same bits for any number of threads), applies the clip's
/// Jacobian where the lookups clipped, and visits every touched row once. Rows with an all-zero gradient are visited
/// too.
void coalesce(Parameter& table, const RowBatchVisitor& visit);

/// The touched rows in increasing order and their sums [rows, width]: for tests, clipping and inspection.
struct CoalescedRows {
  std::vector<int64_t> rows;
  Tensor gradients;
};
CoalescedRows coalesced(Parameter& table);

}  // namespace weft
