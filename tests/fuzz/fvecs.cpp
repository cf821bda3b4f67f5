// Fuzz target: a .fvecs file and, if the first byte is odd, its lines of ids: a part of two bytes' size before the
// rest.
#include <weft/core/error.h>
#include <weft/core/test_directory.h>
#include <weft/io/formats/fvecs.h>

#include <filesystem>

#include "support/fuzz.h"
#include "support/read_tensors.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace weft;
  static const TestDirectory directory;
  std::string_view input = fuzz::text_of(data, size);
  if (fuzz::take_choice(input) % 2 == 1) {
    directory.put("v.fvecs.ids", fuzz::take_part(input, 2));
  } else {
    std::filesystem::remove(directory.file("v.fvecs.ids"));
  }
  try {
    fuzz::read_tensors(open_fvecs(directory.put("v.fvecs", input)));
  } catch (const DataError&) {
  }
  return 0;
}
