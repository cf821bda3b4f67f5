// PyTorch's .pt and .pth files: state dicts as torch.save writes them.
#pragma once
#include <weft/io/formats/named_tensors.h>

#include <string>

namespace weft {

//   zip:     <root>/data.pkl       a pickle of dictionaries and tensors, each (storage, offset, shape, strides)
//            <root>/data/<key>     a storage: its numbers alone, not compressed
//                                  (a checksum of 0 says that torch was told not to compute it)
//            <root>/byteorder      "little", absent in older files
//   legacy:  pickles (a magic number, a version, facts of the system, the dictionaries, the keys of storages), then for
//            each key the count of its numbers (int64) and the numbers

/// The tensors of a file that torch.save wrote, in either form, under their keys joined by '.': "model.fc.weight",
/// "optimizer.state.0.sum", list elements by number; a file of one tensor has "tensor". Python's numbers are float64
/// and int64 scalars, its texts strings; None is left out. Views of a storage may be strided; contiguous rows are read
/// alone, others through their whole extent, after the checksum of the storage was compared once. Complex and quantized
/// tensors can be listed at most. Nothing in the file is executed. Throws IoError; DataError (path, offset) for damage,
/// and for anything but dictionaries, lists, tensors and plain values: whole modules are named.
NamedTensors open_pytorch(const std::string& path);

}  // namespace weft
