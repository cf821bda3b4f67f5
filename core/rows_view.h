// RowsView: a [rows, width] float32 matrix whose rows may lie apart.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

namespace weft {

/// A view of rows x width numbers; row i starts at data + i * stride. A table keeps a row's value and its optimizer
/// slots side by side, so that an update touches one place in memory: its rows have stride > width.
struct RowsView {
  float* data = nullptr;
  int64_t rows = 0;
  int64_t width = 0;
  int64_t stride = 0;

  std::span<float> row(int64_t i) const { return {data + i * stride, static_cast<size_t>(width)}; }
  bool contiguous() const { return stride == width || rows <= 1; }
  int64_t size() const { return rows * width; }
};

}  // namespace weft
