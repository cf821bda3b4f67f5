// Fuzz target: a .npy file. Its array can be read, whole and by rows, and a header written for it says the same.
#include <weft/core/error.h>
#include <weft/io/formats/npy.h>

#include "support/fuzz.h"
#include "support/read_tensors.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace weft;
  const fuzz::MemoryFile file(fuzz::text_of(data, size));
  try {
    const NamedTensors tensors = open_npy(file.path());
    fuzz::read_tensors(tensors);
    const TensorInfo& array = tensors.tensors().at(0);
    if (size_of(array.type) == 0) return 0;
    const NpyHeader header = parse_npy_header(npy_header(array.type, array.shape), "written");
    fuzz::check(header.type == array.type && header.shape == array.shape, "another header was written");
  } catch (const DataError&) {
  }
  return 0;
}
