// NumPy's files: .npy of one array, .npz of many.
#pragma once
#include <weft/io/formats/named_tensors.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weft {

//   .npy: [0x93 "NUMPY"] [version: 2 bytes] [size of the header: uint16, from version 2 on uint32]
//         [header: a Python dict {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }, blanks, newline]
//         [numbers]
//   .npz: a zip archive of <name>.npy

/// What stands before the numbers. At most 64 axes, as in NumPy.
struct NpyHeader {
  TensorType type = TensorType::other;  ///< other: texts, structures, complex numbers
  std::vector<int64_t> shape;
  bool fortran_order = false;
  bool big_endian = false;
  uint64_t size = 0;  ///< where the numbers begin
};
/// Where the numbers begin, from the first 12 bytes of a file. Throws DataError (path).
uint64_t npy_header_size(std::string_view start, const std::string& path);
/// Of the start of a file. Throws DataError (path) for what NumPy would not write.
NpyHeader parse_npy_header(std::string_view start, const std::string& path);
/// Of an array of this type and shape. bfloat16, which NumPy has not, is to be written as float32.
std::string npy_header(TensorType type, const std::vector<int64_t>& shape);

/// The array is named "array". Fortran's order and big-endian numbers are read as the others.
NamedTensors open_npy(const std::string& path);

/// Arrays by their names; other members and pickled objects are listed as `other`. An array that is not compressed is
/// read in ranges, its checksum compared once before. A compressed one is decompressed up to what is read, never kept:
/// rows are best read in order, and the checksum is compared with the last one. Both throw IoError; DataError (path,
/// array).
NamedTensors open_npz(const std::string& path);

/// Not compressed, as np.savez does; np.load reads it. bfloat16 is written as float32. A piece at a time. Throws
/// DataError for tensors of no numbers; IoError.
void write_npz(const std::string& path, const NamedTensors& tensors);

}  // namespace weft
