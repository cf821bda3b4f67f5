// What a file of tensors is, as its first bytes tell it.
#pragma once
#include <string>

namespace weft {

enum class FileKind {
  hdf5,    ///< weft's checkpoints, Keras' files
  zip,     ///< PyTorch's, NumPy's .npz, .keras
  npy,     ///< NumPy's .npy
  pickle,  ///< PyTorch's before 1.6
  safetensors,
  fvecs,            ///< by its name
  word_vectors,     ///< text, or binary after a line of text
  word2vec_binary,  ///< the same by its name: ".bin"
  unknown,          ///< none of these: of no format that weft reads
};

/// Looks at the beginning of a file. Throws IoError.
FileKind file_kind(const std::string& path);

}  // namespace weft
