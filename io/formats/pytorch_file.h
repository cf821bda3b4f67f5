// TorchFile: the pickle of a .pt file and where its storages lie. A part of open_pytorch.
#pragma once
#include <weft/io/formats/pickle.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>

namespace weft {

struct TorchFile {
  /// The numbers of a storage, `size` bytes of them.
  struct Storage {
    uint64_t size = 0;
    std::function<void(uint64_t offset, std::span<std::byte> out)> read;
  };
  std::string path;
  std::unique_ptr<const std::string> bytes;  ///< what `contents` points into: it stays where it is
  pickle::Unpickled contents;
  std::map<std::string, Storage, std::less<>> storages;
};

/// Reads either form. Throws IoError; DataError (path, place) for anything else.
TorchFile open_torch_file(const std::string& path);

}  // namespace weft
