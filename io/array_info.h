// ArrayInfo: what the header of a stored array says.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weft {

/// bfloat16 is read only.
enum class ArrayType { float32, float64, bfloat16, int32, int64, uint8 };
/// "float32", ...
std::string_view to_string(ArrayType type);
/// Bytes of a number.
size_t size_of(ArrayType type);

/// An array of a checkpoint as its header says: name ("dnn/logits/kernel"), type, shape.
struct ArrayInfo {
  std::string name;
  ArrayType type = ArrayType::float32;
  std::vector<int64_t> shape;

  int64_t rank() const { return static_cast<int64_t>(shape.size()); }
  /// Numbers in all.
  int64_t size() const {
    int64_t size = 1;
    for (const int64_t extent : shape) size *= extent;
    return size;
  }
  /// shape[0]; 1 for a scalar.
  int64_t rows() const { return shape.empty() ? 1 : shape[0]; }
  /// Numbers in a row.
  int64_t width() const {
    int64_t width = 1;
    for (size_t axis = 1; axis < shape.size(); ++axis) width *= shape[axis];
    return width;
  }
};

}  // namespace weft
