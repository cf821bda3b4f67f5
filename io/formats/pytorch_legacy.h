// TorchFile from the form before torch 1.6. A part of open_pytorch.
#pragma once
#include <weft/io/formats/pytorch_file.h>
#include <weft/io/formats/random_access_file.h>

#include <string_view>

namespace weft {

bool is_legacy_torch(std::string_view start);
TorchFile open_legacy_torch(RandomAccessFile file);

}  // namespace weft
