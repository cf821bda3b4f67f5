// Matrices seen transposed, as they are read: PyTorch's kernels [units, inputs] as [inputs, units].
#pragma once
#include <weft/io/formats/named_tensors.h>

#include <cstdint>
#include <set>
#include <string>

namespace weft {

/// The same tensors with the named matrices transposed. A row is a column of the file: so many rows as `memory` bytes
/// take (at least one) are made in one pass over the matrix, and kept for the reads that follow; all named matrices
/// share the memory. Throws DataError for a name that is missing or no matrix of numbers.
NamedTensors transposed(const NamedTensors& tensors, const std::set<std::string>& names,
                        int64_t memory = int64_t{256} << 20);

}  // namespace weft
