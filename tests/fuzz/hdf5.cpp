// Fuzz target: an HDF5 file, as a checkpoint of weft's and as a file of Keras'.
#include <weft/core/error.h>
#include <weft/core/test_directory.h>
#include <weft/io/formats/keras.h>
#include <weft/io/formats/weft_checkpoint.h>

#include "support/fuzz.h"
#include "support/hdf5.h"
#include "support/read_tensors.h"

namespace {

using namespace weft;

template <class Open>
void read(const Open& open, const std::string& path) {
  try {
    fuzz::read_tensors(open(path));
  } catch (const DataError&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const TestDirectory directory;  // libhdf5 does not open what has no name
  const std::string path = directory.put("f.h5", fuzz::text_of(data, size));
  const auto run = [&] {
    read(open_weft_checkpoint, path);
    read(open_keras_h5, path);
  };
  if (fuzz::hdf5_keeps_bounds(run)) run();
  return 0;
}
