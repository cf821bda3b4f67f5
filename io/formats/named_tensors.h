// NamedTensors: tensors with names that are read on demand, from a file of any format or from memory.
#pragma once
#include <weft/core/rows_view.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weft {

/// What files hold; numbers are read as float or int64_t whatever their type.
enum class TensorType {
  float16,
  bfloat16,
  float32,
  float64,
  int8,
  uint8,
  int16,
  uint16,
  int32,
  uint32,
  int64,
  uint64,
  boolean,
  string,
  other,  ///< can be listed, not read
};
/// "float32", ...
std::string_view to_string(TensorType type);
/// Bytes of a number; 0 for string and other.
size_t size_of(TensorType type);

/// What a file says of a tensor. Rows are along the first axis.
struct TensorInfo {
  std::string name;
  TensorType type = TensorType::float32;
  std::vector<int64_t> shape;

  /// Numbers in all; 1 for a scalar.
  int64_t size() const;
  /// shape[0]; 1 for a scalar.
  int64_t rows() const;
  /// Numbers in a row.
  int64_t width() const;
};

/// A list of tensors and a way to read any rows of them. Copies share the source. Any thread may read if the format's
/// function allows it: those of weft do.
class NamedTensors {
 public:
  /// Rows [first, first + count) of tensors()[tensor] as contiguous little-endian numbers of its type: `out` has
  /// exactly their bytes. Throws DataError.
  using ReadRows = std::function<void(size_t tensor, int64_t first, int64_t count, std::span<std::byte> out)>;
  /// All strings of a string tensor, in row-major order.
  using ReadStrings = std::function<std::vector<std::string>(size_t tensor)>;
  /// Reads the bytes of a tensor of type `other` against their check sum; false if there is no sum that can be told.
  /// Throws DataError for another sum.
  using CheckOther = std::function<bool(size_t tensor)>;

  /// `where` is the path, for messages; `format` is what a user would call it: "safetensors", "TensorFlow checkpoint".
  /// Throws DataError for two tensors of a name or a shape whose size overflows.
  struct Source {
    std::string where;
    std::string format;
    std::vector<TensorInfo> tensors;
    ReadRows read_rows;
    ReadStrings read_strings = {};
    CheckOther check_other = {};
  };
  explicit NamedTensors(Source source);

  const std::string& where() const;
  const std::string& format() const;
  const std::vector<TensorInfo>& tensors() const;  ///< in name order
  /// Null if there is none.
  const TensorInfo* find(std::string_view name) const;

  /// Rows [first, first + out.rows) of a tensor of numbers, converted to float32, into a view whose width is a row's;
  /// the numbers of a vector are rows of one number, or all of them one row. Throws DataError: missing (with similar
  /// names), no numbers, other width, rows that are not there.
  void read(std::string_view name, int64_t first, const RowsView& out) const;
  /// Whole tensors. Integers of float tensors are refused.
  std::vector<float> read_floats(std::string_view name) const;
  std::vector<int64_t> read_integers(std::string_view name) const;
  std::vector<std::string> read_strings(std::string_view name) const;
  /// The numbers as they lie in the file (see ReadRows).
  void read_bytes(std::string_view name, int64_t first, int64_t count, std::span<std::byte> out) const;

  /// See CheckOther; false for tensors of numbers and strings, whose sums are checked as they are read.
  bool check_other(std::string_view name) const;

  /// The same tensors under other names: `rename` gives the new one, or nothing ("") to leave the tensor out.
  NamedTensors renamed(const std::function<std::string(const std::string&)>& rename) const;
  /// The same names, in their order, with other numbers: `read_rows` gives them, strings are as here.
  NamedTensors with_numbers(std::vector<TensorInfo> tensors, ReadRows read_rows) const;

 private:
  struct State;
  explicit NamedTensors(std::shared_ptr<const State> state);
  const TensorInfo& must_find(std::string_view name) const;
  std::shared_ptr<const State> state_;
};

/// Told, while a file without an index of its own is opened, how many of its bytes have been walked over.
using OpenProgress = std::function<void(int64_t done, int64_t total)>;

}  // namespace weft
