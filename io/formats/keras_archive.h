// Keras 3's .keras files: a zip archive with a model's description and its weights.
#pragma once
#include <weft/io/formats/named_tensors.h>

#include <string>

namespace weft {

//   config.json, metadata.json   the model; not read
//   model.weights.h5             the weights, as open_keras_h5() reads them

/// The tensors of model.weights.h5. While they are opened the weights are copied to a file without a name in the
/// system's directory for temporary files; it goes when the tensors do. Throws IoError; DataError for what is no such
/// archive, or damaged.
NamedTensors open_keras_archive(const std::string& path);

}  // namespace weft
