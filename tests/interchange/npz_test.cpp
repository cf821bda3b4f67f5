// Files of NumPy 2: np.savez and np.savez_compressed of a matrix, a big-endian one in Fortran's order, and texts.
#include <doctest/doctest.h>
#include <weft/core/error.h>
#include <weft/io/formats/npy.h>

namespace weft {

TEST_CASE("npz: files of the real NumPy, compressed or not") {
  for (const std::string file : {"stored.npz", "compressed.npz"}) {
    CAPTURE(file);
    const NamedTensors tensors = open_npz(WEFT_INTERCHANGE_DATA "numpy/" + file);
    CHECK(tensors.read_floats("f") == std::vector<float>{0, 1, 2, 3, 4, 5});
    CHECK(tensors.find("o")->shape == std::vector<int64_t>{3, 2});
    CHECK(tensors.read_integers("o") == std::vector<int64_t>{0, 1, 2, 3, 4, 5});
    CHECK(tensors.find("t")->type == TensorType::other);
    CHECK_THROWS_AS(tensors.read_floats("t"), DataError);
  }
}

}  // namespace weft
