// TensorFlow's checkpoints (TensorBundle, "V2"): read without TensorFlow, and written for it.
#pragma once
#include <weft/io/formats/named_tensors.h>

#include <string>

// PREFIX.index                 a table file (table_file.h): "" -> BundleHeaderProto, name -> BundleEntryProto
// PREFIX.data-00000-of-00001   the bytes of the tensors, little-endian, end to end; or several such shards
//
// A tensor of strings is the varint lengths, the masked CRC-32C of the lengths as uint32, and the bytes of the strings.
// A partitioned variable has an entry with its shape and its slices, and one for each slice under a key of its own.

namespace weft {

/// The tensors of a checkpoint of TensorFlow's. `path` is a prefix ("model.ckpt-5"), its .index file, or a directory
/// or pattern as find_checkpoint() takes them. Partitioned variables are joined. The index is checked whole. A tensor's
/// check sum is verified when its last bytes are read, if all its rows were read once in their order (as NamedTensors'
/// readers of whole tensors do); single rows are not verified. Complex, quantized and resource types are listed as
/// `other`. Throws IoError (no such checkpoint or shard), DataError (path, tensor).
NamedTensors open_tensor_bundle(const std::string& path);

/// Whether TensorFlow's state file `checkpoint` is written beside the checkpoint, naming it as the newest.
enum class StateFile { none, write };

/// Writes PREFIX.index and PREFIX.data-00000-of-00001, which TensorFlow restores (tf.train.load_checkpoint, Saver). A
/// piece of a tensor at a time is in memory. Replaces files of these names; the index comes last, so that a checkpoint
/// is whole when it is there. Throws DataError for a tensor of type `other`, IoError.
void write_tensor_bundle(const std::string& prefix, const NamedTensors& tensors, StateFile state = StateFile::none);

}  // namespace weft
