// Any file of tensors that weft can read, told by what is in it.
#pragma once
#include <weft/io/formats/named_tensors.h>

#include <string>

namespace weft {

/// The tensors of a TensorFlow checkpoint or SavedModel, a checkpoint of weft's, a file of Keras' (.h5, .weights.h5,
/// .keras) or other HDF5 file, a safetensors file, a state dict of PyTorch, NumPy's .npy or .npz, .fvecs or word
/// vectors. `path` is a file, a prefix, a directory or a pattern, as find_checkpoint() takes them. Throws ValueError,
/// IoError as it does, DataError if the file is none of these or damaged. Word vectors are walked over once, which
/// `progress` is told of.
NamedTensors open_tensors(const std::string& path, const OpenProgress& progress = {});

}  // namespace weft
