// safetensors: tensors as Hugging Face's library keeps them.
#pragma once
#include <weft/io/formats/named_tensors.h>

#include <string>

namespace weft {

//   [size of the header: uint64, little-endian]
//   [header: JSON, {"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, ..., "__metadata__": {...}}]
//   [numbers of all tensors, little-endian, row-major, without gaps; offsets count from here]

/// Reads the header alone; numbers are read when they are asked for. 8-bit floats can be listed only; __metadata__ is
/// texts about the file, no tensor. Throws IoError; DataError (path, tensor) for a header that is no JSON, names
/// twice, shapes that are not what the offsets span, and numbers that overlap, leave gaps or lie beyond the file.
NamedTensors open_safetensors(const std::string& path);

/// The largest types first, then by name, so that all numbers are aligned. A piece at a time. Throws DataError for
/// tensors that are no numbers and names that are no UTF-8; IoError.
void write_safetensors(const std::string& path, const NamedTensors& tensors);

}  // namespace weft
