// How the tensors of two files differ, of whatever formats they are.
#pragma once
#include <weft/io/formats/tensor_pieces.h>

#include <cstdint>
#include <string>
#include <vector>

namespace weft {

/// One name of either file.
struct TensorDiff {
  enum class Kind {
    equal,    ///< within the tolerance
    numbers,  ///< the numbers, or strings, differ
    shape,    ///< other shapes, or numbers here and strings there: not compared
    only_a,
    only_b,
    unread,  ///< of a type that can't be read
  };
  std::string name;
  Kind kind = Kind::equal;
  TensorInfo a;  ///< as `a` is written in its file; without a name for only_b, and so on
  TensorInfo b;
  int64_t numbers_changed = 0;  ///< or strings
  int64_t rows_changed = 0;
  double largest_absolute = 0;  ///< |b - a|; infinity where one of them is infinite or no number
  double largest_relative = 0;  ///< |b - a| / max(|a|, |b|), at most 2
};
std::string_view to_string(TensorDiff::Kind kind);

/// Numbers differ if |b - a| > absolute + relative * max(|a|, |b|). NaN equals NaN. The types need not be the same;
/// integers of 64 bits are compared exactly with integers, as float64 with floats.
struct DiffOptions {
  double absolute_tolerance = 0;
  double relative_tolerance = 0;
  BytesRead progress = {};
};
/// All names of both, in name order. Reads a piece of a tensor at a time. Throws DataError for what is damaged,
/// ValueError for a tolerance below 0 or NaN.
std::vector<TensorDiff> diff_tensors(const NamedTensors& a, const NamedTensors& b, const DiffOptions& options = {});

}  // namespace weft
