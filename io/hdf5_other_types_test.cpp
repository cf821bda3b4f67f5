// Tests of HDF5 files of others whose arrays are of types that HDF5 has no numbers for, or hold none.
#include <doctest/doctest.h>
#include <weft/core/error.h>
#include <weft/core/test_directory.h>
#include <weft/io/checkpoint.h>
#include <weft/io/formats/keras.h>
#include <weft/io/formats/open_tensors.h>
#include <weft/io/formats/weft_checkpoint.h>
#include <weft/io/hdf5_test_body.h>

#include <string>
#include <vector>

#ifndef DOCTEST_CONFIG_DISABLE
namespace weft {

using hdf5::Id;

TEST_CASE("keras: arrays that hold no numbers weft reads are listed, not passed over") {
  const TestFile test;
  {
    const hdf5::Session session;
    const Id file = new_file(test.path);
    const hsize_t extent[] = {2, 3};
    const Id group(H5Gcreate2(file, "vars", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), H5Gclose);
    const Id space(H5Screate_simple(2, extent, nullptr), H5Sclose), none(H5Screate(H5S_NULL), H5Sclose);
    const Id opaque(H5Tcreate(H5T_OPAQUE, 2), H5Tclose);
    const char bytes[12] = {};
    const Id untold(H5Dcreate2(file, "vars/0", opaque, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), H5Dclose);
    REQUIRE(H5Dwrite(untold, opaque, H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes) >= 0);
    const Id empty(H5Dcreate2(file, "vars/1", opaque, none, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), H5Dclose);
    const Id unwritten(H5Dcreate2(file, "vars/2", H5T_IEEE_F32LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT),
                       H5Dclose);
    REQUIRE(unwritten.valid());
  }
  CHECK(with_keras_names(open_weft_checkpoint(test.path)).has_value());
  const NamedTensors tensors = open_tensors(test.path);
  CHECK(tensors.format() == "Keras HDF5");
  REQUIRE(tensors.tensors().size() == 3);
  for (const TensorInfo& info : tensors.tensors()) {
    CHECK(info.type == TensorType::other);
    CHECK(info.shape == (info.name == "vars/1" ? std::vector<int64_t>{} : std::vector<int64_t>{2, 3}));
    CHECK_FALSE(tensors.check_other(info.name));
    CHECK_THROWS_WITH_AS(tensors.read_floats(info.name), doctest::Contains(info.name.c_str()), DataError);
  }
}

TEST_CASE("hdf5: booleans as h5py writes them are uint8, other enumerations are none") {
  const TestFile test;
  const int8_t numbers[] = {1, 0, 1};
  {
    const hdf5::Session session;
    const Id file = new_file(test.path);
    const hsize_t extent[] = {3};
    const Id space(H5Screate_simple(1, extent, nullptr), H5Sclose);
    for (const char* second : {"TRUE", "MAYBE"}) {
      const Id type(H5Tenum_create(H5T_NATIVE_INT8), H5Tclose);
      int8_t value = 0;
      REQUIRE(H5Tenum_insert(type, "FALSE", &value) >= 0);
      value = 1;
      REQUIRE(H5Tenum_insert(type, second, &value) >= 0);
      const Id dataset(H5Dcreate2(file, second, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), H5Dclose);
      REQUIRE(H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, numbers) >= 0);
    }
  }
  const CheckpointReader reader(test.path);
  REQUIRE(reader.arrays().size() == 1);
  CHECK(reader.arrays()[0].type == ArrayType::uint8);
  CHECK(reader.read_integers("TRUE") == std::vector<int64_t>{1, 0, 1});
}

}  // namespace weft
#endif
