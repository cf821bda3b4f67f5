// Keras' HDF5 files: weights and whole models of Keras 2, .weights.h5 of Keras 2 and 3.
#pragma once
#include <weft/io/formats/named_tensors.h>

#include <optional>
#include <span>
#include <string>

namespace weft {

//   Keras 2, weights       /<layer>/<weight>                     e.g. /dense/dense/kernel:0
//                          /@layer_names, /<layer>@weight_names  in the model's order
//   Keras 2, whole models  /model_weights/... as above, /optimizer_weights/<weight>
//   .weights.h5            /layers/<class>[_<n>]/vars/<n>, /optimizer/vars/<n>, /metrics/...

/// Tensors under the names of Keras' variables ("dense/kernel:0", optimizers' as "Adam/dense/kernel/m:0"), or under
/// their paths in the file where these names occur twice; those of .weights.h5 under their paths
/// ("layers/dense/vars/0"), since the file has no others. float16 is float32, booleans are uint8; arrays that
/// weft has no type for are listed as `other`. Throws IoError; DataError for what is no such file.
NamedTensors open_keras_h5(const std::string& path);

/// The arrays of an HDF5 file, as open_weft_checkpoint() gave them, under Keras' names; nothing if it has none of
/// Keras' marks: lists of layers, or arrays in 'vars'. Throws IoError, DataError (damaged).
std::optional<NamedTensors> with_keras_names(const NamedTensors& hdf5);

/// Writes weights that Keras' load_weights reads. Names as "layers/dense/vars/0" make the newer layout; all others,
/// "dense/kernel" or "dense/kernel:0", the older one, in which the part before the last '/' is the layer. A layer's
/// weights are written in Keras' order (kernel, bias; gamma, beta, moving_mean, moving_variance). Keras finds layers by
/// name (by_name=True), or in the order of `layers`: all of them, or none for the order of names. Floats of 16 bits are
/// written as float32, integers but int32 and uint8 as int64. A piece at a time. Throws ValueError for `layers` that
/// are not the tensors'; DataError for tensors of no numbers and names of both kinds; IoError.
void write_keras_h5(const std::string& path, const NamedTensors& tensors, std::span<const std::string> layers = {});

}  // namespace weft
