// Ids: the ids of one categorical column for a batch, as CSR.
#pragma once
#include <cstdint>
#include <vector>

namespace weft {

/// Bags of ids, one a row of the batch: row b has ids[offsets[b] .. offsets[b + 1]). Negative ids are not in any
/// vocabulary.
struct Ids {
  std::vector<int64_t> offsets = {0};  ///< [batch + 1], not decreasing, starts at 0.
  std::vector<int64_t> ids;            ///< [offsets.back()]
  std::vector<float> weights;          ///< as ids, or empty: every weight is 1.

  int64_t batch() const { return static_cast<int64_t>(offsets.size()) - 1; }
  bool weighted() const { return !weights.empty(); }
  /// No rows; the memory is kept.
  void clear() {
    offsets.assign(1, 0);
    ids.clear();
    weights.clear();
  }
};

}  // namespace weft
