// Features filled row by row, in the memory they have from earlier batches.
#pragma once
#include <weft/core/features.h>

#include <algorithm>
#include <cstdint>
#include <span>

namespace weft {

/// Ready for the values of a first row.
inline void begin_rows(Feature& feature, DataType type, bool sparse) {
  feature.clear();
  feature.type = type;
  feature.sparse = sparse;
  if (sparse) feature.offsets.push_back(0);
}

/// Ends a row of a sparse feature.
inline void end_row(Feature& feature) {
  feature.offsets.push_back(feature.size());
}

/// Sets the shape of `batch` rows; `shape` is a dense feature's row.
inline void finish_rows(Feature& feature, int64_t batch, std::span<const int64_t> shape) {
  feature.shape.assign(1, batch);
  if (!feature.sparse) {
    feature.shape.insert(feature.shape.end(), shape.begin(), shape.end());
    return;
  }
  int64_t longest = 0;
  for (size_t i = 1; i < feature.offsets.size(); ++i)
    longest = std::max(longest, feature.offsets[i] - feature.offsets[i - 1]);
  feature.shape.push_back(longest);
}

}  // namespace weft
