// A file of safetensors 0.8 (safetensors_files.py made it): every type of number.
#include <doctest/doctest.h>
#include <weft/io/formats/safetensors.h>

namespace weft {

TEST_CASE("safetensors: a file of the real library") {
  const NamedTensors tensors = open_safetensors(WEFT_INTERCHANGE_DATA "safetensors/numpy.safetensors");
  CHECK(tensors.tensors().size() == 16);
  for (const char* name :
       {"float16", "float32", "float64", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"}) {
    CAPTURE(name);
    CHECK(to_string(tensors.find(name)->type) == name);
    CHECK(tensors.read_floats(name) == std::vector<float>{1, 0, 3, 4, 5, 100});
  }
  CHECK(tensors.read_integers("bool") == std::vector<int64_t>{1, 0, 1, 1, 1, 1});
  CHECK(tensors.read_floats("bfloat16") == std::vector<float>{1.5f, -2.25f});
  CHECK(tensors.read_floats("scalar") == std::vector<float>{2.5f});
  CHECK(tensors.find("empty")->shape == std::vector<int64_t>{0, 4});
  CHECK(tensors.read_floats("a/b.c \u00e9").at(23) == 23);
}

}  // namespace weft
