// Fuzz target: a .keras file; or, since checksums stop changed bytes, weights that are put into one.
#include <weft/core/error.h>
#include <weft/core/test_directory.h>
#include <weft/io/formats/keras_archive.h>
#include <weft/io/formats/zip_archive.h>

#include "support/fuzz.h"
#include "support/hdf5.h"
#include "support/read_tensors.h"

namespace {

using namespace weft;

void read(const std::string& path) {
  try {
    fuzz::read_tensors(open_keras_archive(path));
  } catch (const DataError&) {
  }
}

void read_guarded(const std::string& path) {
  if (fuzz::hdf5_keeps_bounds([&] { read(path); })) read(path);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input = fuzz::text_of(data, size);
  if (input.starts_with("PK")) {
    const fuzz::MemoryFile file(input);
    read_guarded(file.path());
    return 0;
  }
  static const TestDirectory directory;
  const std::string path = directory.file("m.keras");
  ZipWriter writer(path);
  writer.begin("model.weights.h5", input.size());
  writer.write(input);
  writer.commit();
  read_guarded(path);
  return 0;
}
