// Word vectors as gensim 4 writes them (word_vectors.py made the files).
#include <doctest/doctest.h>
#include <weft/io/formats/word_vectors.h>

namespace weft {

TEST_CASE("word vectors: files written by gensim") {
  for (const char* name : {"gensim.txt", "gensim.bin", "gensim_glove.txt"}) {
    CAPTURE(name);
    const NamedTensors tensors = open_word_vectors(std::string(WEFT_INTERCHANGE_DATA "word_vectors/") + name);
    CHECK((tensors.read_strings("words") == std::vector<std::string>{"the", "caf\xc3\xa9", "1999"}));
    CHECK((tensors.read_floats("vectors") ==
           std::vector<float>{1.5f, -0.25f, 1e-6f, 0.1f, 3.25f, -2, 7, 8, 1.0f / 3.0f}));
  }
}

}  // namespace weft
