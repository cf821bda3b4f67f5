// Fuzz target: a .pt file. What is listed can be read, whole and by rows, with the same numbers.
#include <weft/core/error.h>
#include <weft/io/formats/pytorch.h>

#include <algorithm>

#include "support/fuzz.h"

namespace {

using namespace weft;

constexpr int64_t kMost = 1 << 16;

void read(const NamedTensors& tensors, const TensorInfo& info) {
  if (info.type == TensorType::string) fuzz::check(tensors.read_strings(info.name).size() == 1, "not one text");
  const size_t number = size_of(info.type);
  if (number == 0 || info.size() > kMost) return;
  std::vector<std::byte> whole(static_cast<size_t>(info.size()) * number),
      row(static_cast<size_t>(info.width()) * number);
  tensors.read_bytes(info.name, 0, info.rows(), whole);
  for (int64_t i = 0; i < std::min<int64_t>(info.rows(), 8); ++i) {
    tensors.read_bytes(info.name, i, 1, row);
    const auto begin = whole.begin() + i * std::ssize(row);
    fuzz::check(std::equal(row.begin(), row.end(), begin), "a row alone has other numbers");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const fuzz::MemoryFile file(fuzz::text_of(data, size));
  try {
    const NamedTensors tensors = open_pytorch(file.path());
    for (const TensorInfo& info : tensors.tensors()) read(tensors, info);
  } catch (const DataError&) {
  }
  return 0;
}
