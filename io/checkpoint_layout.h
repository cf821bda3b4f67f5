// The checkpoint's layout in HDF5: the names that writer and reader share.
#pragma once
#include <weft/core/rows_view.h>
#include <weft/io/array_info.h>
#include <weft/io/checkpoint_pieces.h>

namespace weft {

//   /                    format = "weft", version = 1
//   └── arrays
//       ├── global_step                 int64, a scalar
//       ├── dnn|logits|kernel           float32 [32, 1]     crc32c = 1 number a piece, crc32c_rows = rows of a piece
//       ├── dnn|logits|kernel|Adagrad   float32 [32, 1]     ...
//       └── weft|<key>                  int64: what goes with the parameters
//
// docs/checkpoint_format.md says the rest.

struct CheckpointLayout {
  static constexpr const char* kArrays = "/arrays";
  static constexpr const char* kFormat = "format";
  static constexpr const char* kFormatName = "weft";
  static constexpr const char* kVersion = "version";
  static constexpr int64_t kCurrentVersion = 1;
  static constexpr const char* kSums = "crc32c";
  static constexpr const char* kSumRows = "crc32c_rows";
  /// Arrays of this prefix are not the model's.
  static constexpr const char* kExtraPrefix = "weft/";
};

/// Rows of numbers as rows of bytes for an array. A view without gaps may be cut into other rows than the array's, as a
/// vector's is: [1, n] for [n]. Then whole rows of the array come out; nothing if that is impossible.
inline bool fits_rows(const ArrayInfo& info, const RowsView& view) {
  return view.width == info.width() || (view.contiguous() && info.width() > 0 && view.size() % info.width() == 0);
}
inline ByteRows bytes_of(const ArrayInfo& info, const RowsView& view) {
  auto* data = reinterpret_cast<std::byte*>(view.data);
  constexpr int64_t kSize = sizeof(float);
  if (view.width == info.width()) return {data, view.rows, view.width * kSize, view.stride * kSize};
  const int64_t row_bytes = info.width() * kSize;
  return {data, info.width() == 0 ? 0 : view.size() / info.width(), row_bytes, row_bytes};
}

}  // namespace weft
