// Fuzz target: a file of word vectors. Rows read in one pass and rows found again are the same.
// The first byte chooses the format.
#include <weft/core/error.h>
#include <weft/io/formats/word_vectors.h>

#include <cstring>

#include "support/fuzz.h"

namespace {

using namespace weft;

void compare(const std::string& path, WordVectorFormat format) {
  const NamedTensors tensors = open_word_vectors(path, format);
  const std::vector<float> numbers = tensors.read_floats("vectors");
  const std::vector<std::string> words = tensors.read_strings("words");
  WordVectorReader reader(path, format);
  size_t rows = 0;
  for (WordVectorReader::Row row; reader.next(row); ++rows) {
    fuzz::check(rows < words.size() && row.word == words[rows], "other words in one pass");
    const float* again = numbers.data() + rows * row.vector.size();
    fuzz::check(std::memcmp(row.vector.data(), again, row.vector.size_bytes()) == 0, "other numbers in one pass");
  }
  fuzz::check(rows == words.size(), "fewer rows in one pass");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text = fuzz::text_of(data, size);
  const auto format = static_cast<WordVectorFormat>(fuzz::take_choice(text) % 4);
  const fuzz::MemoryFile file(text);
  try {
    compare(file.path(), format);
  } catch (const DataError&) {
  }
  return 0;
}
