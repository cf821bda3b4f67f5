// TorchFile: the pickle of a .pt file and where its storages lie. A part of open_pytorch.
#pragma once
#include <weft/io/formats/pickle.h>
#include <weft/io/formats/random_access_file.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace weft {

struct TorchFile {
  /// Bytes [offset, offset + size) of the file: inside of it.
  struct Place {
    uint64_t offset = 0;
    uint64_t size = 0;
  };
  RandomAccessFile file;
  std::string bytes;  ///< what `contents` points into
  pickle::Unpickled contents;
  std::map<std::string, Place, std::less<>> storages;
};

/// Reads either form. Throws IoError; DataError (path, place) for anything else.
TorchFile open_torch_file(const std::string& path);

}  // namespace weft
