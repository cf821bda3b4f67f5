// Fuzz target: a .npz file. What is listed can be read, whole and by rows, with the same numbers.
#include <weft/core/error.h>
#include <weft/io/formats/npy.h>

#include "support/fuzz.h"
#include "support/read_tensors.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace weft;
  const fuzz::MemoryFile file(fuzz::text_of(data, size));
  try {
    fuzz::read_tensors(open_npz(file.path()));
  } catch (const DataError&) {
  }
  return 0;
}
