// Fuzz target: a .npz file, or else a .npy file. What is listed can be read, whole and by rows, with the same numbers.
#include <weft/core/error.h>
#include <weft/io/formats/npy.h>

#include <algorithm>
#include <vector>

#include "support/fuzz.h"

namespace {

using namespace weft;

constexpr int64_t kMost = 1 << 16;

void read_all(const NamedTensors& tensors) {
  for (const TensorInfo& info : tensors.tensors()) {
    const size_t number = size_of(info.type);
    if (number == 0 || info.size() > kMost) continue;
    std::vector<std::byte> whole(static_cast<size_t>(info.size()) * number);
    std::vector<std::byte> row(static_cast<size_t>(info.width()) * number);
    tensors.read_bytes(info.name, 0, info.rows(), whole);
    for (int64_t i = 0; i < std::min<int64_t>(info.rows(), 8); ++i) {
      tensors.read_bytes(info.name, i, 1, row);
      fuzz::check(std::equal(row.begin(), row.end(), whole.begin() + i * std::ssize(row)), "a row has other numbers");
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const fuzz::MemoryFile file(fuzz::text_of(data, size));
  try {
    read_all(size > 0 && data[0] == 'P' ? open_npz(file.path()) : open_npy(file.path()));
  } catch (const DataError&) {
  }
  return 0;
}
