// Fuzz target: a .pt file. What is listed can be read, whole and by rows, with the same numbers. Checksums stop changed
// bytes of a zip archive: an input that starts with a pickle is put into one, before a storage "0".
#include <weft/core/error.h>
#include <weft/core/test_directory.h>
#include <weft/io/formats/pytorch.h>
#include <weft/io/formats/zip_archive.h>

#include "support/fuzz.h"
#include "support/read_tensors.h"

namespace {

using namespace weft;

void read(const std::string& path) {
  try {
    fuzz::read_tensors(open_pytorch(path));
  } catch (const DataError&) {
  }
}

/// As torch.save would write it.
void write_archive(const std::string& path, std::string_view pickle) {
  const std::string numbers(256, '\1');
  ZipWriter writer(path);
  writer.begin("m/data.pkl", pickle.size());
  writer.write(pickle);
  writer.begin("m/data/0", numbers.size());
  writer.write(numbers);
  writer.commit();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input = fuzz::text_of(data, size);
  if (input.starts_with("PK") || input.starts_with("\x80\x02\x8a\x0a")) {
    const fuzz::MemoryFile file(input);
    read(file.path());
    return 0;
  }
  static const TestDirectory directory;
  const std::string path = directory.file("m.pt");
  write_archive(path, input);
  read(path);
  return 0;
}
