// SparseRows: the gradient of a table as the shares of the lookups that read it, never as numbers of its own.
#pragma once
#include <weft/core/buffer.h>
#include <weft/core/rows_view.h>

#include <cstdint>
#include <optional>
#include <vector>

namespace weft {

/// Which sum of a table's gradient each id of a lookup goes to, if that was found (core/row_places.h).
struct RowPlaces {
  Buffer of_ids;  ///< int32 [N], as the ids: the place among `rows`
  Buffer rows;    ///< int32 [1 + count]: from its second number on the rows that all of these shares read, each once
  uint32_t count = 0;
  uint32_t shares = 0;  ///< how many were looked at together, 0 if none were
  uint32_t share = 0;   ///< which of them this is
};

/// What one lookup adds to the gradient of its table (N ids, B bags, D dimension): for id i of bag b, row ids[i]
/// receives scale * dout[b, 0..D). The buffers are counted, so a share may outlive its tape.
struct Share {
  int64_t bags = 0;  ///< B
  Buffer ids;        ///< int32 [N], all within the table.
  Buffer offsets;    ///< int32 [B + 1]
  Buffer scales;     ///< float [B] if per_bag, else [N]
  bool per_bag = true;
  RowPlaces places;
  Buffer upstream;              ///< keeps `dout` alive
  const float* dout = nullptr;  ///< [B, D], row b at dout + b * dout_stride
  int64_t dout_stride = 0;
  int64_t count() const { return bags == 0 ? 0 : offsets.as<int32_t>()[bags]; }
};

/// The gradient of a [rows, width] table: one share a lookup (TensorFlow: IndexedSlices, not yet merged).
struct SparseRows {
  std::vector<Share> shares;
  /// Rows were clipped to this norm before they were used: the clip's Jacobian is applied once to each row's sum.
  std::optional<float> max_norm;

  bool empty() const { return shares.empty(); }
  void clear() {
    shares.clear();
    max_norm.reset();
  }
};

/// Memory of coalesce that outlives the step.
struct CoalesceWorkspace;

}  // namespace weft
