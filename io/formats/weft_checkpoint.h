// weft's own checkpoints as named tensors, read and written.
#pragma once
#include <weft/io/checkpoint.h>
#include <weft/io/formats/named_tensors.h>

#include <string>

namespace weft {

/// The arrays of a checkpoint (docs/checkpoint_format.md), or of any other HDF5 file by their paths; those that hold no
/// numbers are listed as `other`. What is read is checked against the check sums. Throws IoError (no such file) or
/// DataError (not HDF5, damaged, a newer version).
NamedTensors open_weft_checkpoint(const std::string& path);

/// Writes a checkpoint, a piece of a tensor at a time: floats of any type as float32, integers and booleans as int64,
/// which is what a checkpoint holds. Throws DataError for a tensor that is no number or an integer of 2^63 or more,
/// ValueError for a compression that can't be, IoError; then what was at the path is still there.
void write_weft_checkpoint(const std::string& path, const NamedTensors& tensors,
                           const CheckpointWriterOptions& options = {});

}  // namespace weft
