// Fuzz target: a safetensors file. All that is listed lies in the file and can be read.
#include <weft/core/error.h>
#include <weft/io/formats/safetensors.h>

#include "support/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace weft;
  const fuzz::MemoryFile file(fuzz::text_of(data, size));
  try {
    const NamedTensors tensors = open_safetensors(file.path());
    for (const TensorInfo& info : tensors.tensors()) {
      if (size_of(info.type) == 0) continue;
      // All numbers lie in the file, so that what is listed has no more bytes than it.
      fuzz::check(static_cast<size_t>(info.size()) * size_of(info.type) <= size, "larger than the file");
      tensors.read_floats(info.name);
    }
  } catch (const DataError&) {
  }
  return 0;
}
