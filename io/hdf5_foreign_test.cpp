// Tests of HDF5 files that others make: what hostile ones hold, and what the library's own tools say of ours.
#include <doctest/doctest.h>
#include <stdio.h>
#include <weft/core/error.h>
#include <weft/core/test_directory.h>
#include <weft/io/checkpoint.h>
#include <weft/io/formats/weft_checkpoint.h>
#include <weft/io/hdf5_body.h>

#include <span>
#include <string>
#include <utility>
#include <vector>

#ifndef DOCTEST_CONFIG_DISABLE
namespace weft {
namespace {

using hdf5::Id;

Id new_file(const std::string& path) {
  return {H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT), H5Fclose};
}

std::string refusal(const std::string& path) {
  try {
    CheckpointReader reader(path);
    for (const ArrayInfo& info : reader.arrays()) reader.read_floats(info.name);
  } catch (const DataError& error) {
    return error.what();
  }
  return "accepted";
}

/// What a program prints, and how it ends.
std::pair<std::string, int> output_of(const std::string& command) {
  std::string text;
  FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
  REQUIRE(pipe != nullptr);
  char bytes[4096];
  for (size_t got = 0; (got = ::fread(bytes, 1, sizeof bytes, pipe)) > 0;) text.append(bytes, got);
  return {text, ::pclose(pipe)};
}

}  // namespace

TEST_CASE("hdf5: groups whose ways multiply are refused in good time") {
  const TestFile test;
  {
    const hdf5::Session session;
    const Id file = new_file(test.path);
    // Each group has two links to the next: 2^30 ways to the last.
    std::string last = "/";
    for (int level = 0; level < 30; ++level) {
      const std::string next = last + (level == 0 ? "a" : "/a"), other = last + (level == 0 ? "b" : "/b");
      const Id group(H5Gcreate2(file, next.c_str(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), H5Gclose);
      REQUIRE(H5Lcreate_hard(file, next.c_str(), file, other.c_str(), H5P_DEFAULT, H5P_DEFAULT) >= 0);
      last = next;
    }
  }
  CHECK(refusal(test.path).find("or are too many") != std::string::npos);
}

TEST_CASE("hdf5: texts and numbers never written are passed over, chunks larger than the file are told") {
  const TestFile test;
  const auto write = [&](hsize_t chunk) {
    const hdf5::Session session;
    const Id file = new_file(test.path);
    const hsize_t extent[] = {4}, most[] = {H5S_UNLIMITED}, chunks[] = {chunk};
    const Id space(H5Screate_simple(1, extent, most), H5Sclose), fixed(H5Screate_simple(1, extent, nullptr), H5Sclose);
    const Id text(H5Tcopy(H5T_C_S1), H5Tclose);
    const Id made(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
    H5Pset_chunk(made, 1, chunks);
    const auto dataset = [&](const char* name, hid_t type, hid_t shape, hid_t how) {
      return Id(H5Dcreate2(file, name, type, shape, H5P_DEFAULT, how, H5P_DEFAULT), H5Dclose);
    };
    dataset("unwritten", H5T_IEEE_F32LE, fixed, H5P_DEFAULT);
    dataset("text", text, fixed, H5P_DEFAULT);
    const Id numbers = dataset("numbers", H5T_IEEE_F32LE, space, made);
    const float values[] = {1, 2, 3, 4};
    if (chunk <= 4) H5Dwrite(numbers, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
  };
  write(4);
  {
    const CheckpointReader reader(test.path);
    CHECK(reader.arrays().size() == 1);
    CHECK(reader.read_floats("numbers") == std::vector<float>{1, 2, 3, 4});
  }
  write(hsize_t{1} << 29);
  CHECK_THROWS_WITH_AS(Hdf5File::open(test.path).array("numbers"),
                       doctest::Contains("its chunks claim to be larger than the file can hold"), DataError);
}

TEST_CASE("hdf5: two opaque bytes a number are bfloat16 if an attribute says so, as Keras 3 writes it") {
  const TestFile test;
  const uint16_t numbers[] = {0x3f80, 0xc000, 0x3e80, 0x0000};  // 1, -2, 0.25, 0
  {
    const hdf5::Session session;
    const Id file = new_file(test.path);
    const hsize_t extent[] = {2, 2};
    const Id space(H5Screate_simple(2, extent, nullptr), H5Sclose), one(H5Screate(H5S_SCALAR), H5Sclose);
    const Id opaque(H5Tcreate(H5T_OPAQUE, 2), H5Tclose), text(H5Tcopy(H5T_C_S1), H5Tclose);
    H5Tset_tag(opaque, "NUMPY:|V2");
    H5Tset_size(text, H5T_VARIABLE);
    for (const char* name : {"told", "untold"}) {
      const Id dataset(H5Dcreate2(file, name, opaque, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), H5Dclose);
      REQUIRE(H5Dwrite(dataset, opaque, H5S_ALL, H5S_ALL, H5P_DEFAULT, numbers) >= 0);
      if (std::string(name) != "told") continue;
      const Id attribute(H5Acreate2(dataset, "dtype", text, one, H5P_DEFAULT, H5P_DEFAULT), H5Aclose);
      const char* value = "bfloat16";
      REQUIRE(H5Awrite(attribute, text, &value) >= 0);
    }
  }
  const NamedTensors tensors = open_weft_checkpoint(test.path);
  REQUIRE(tensors.tensors().size() == 1);  // bytes that nobody says to be numbers are none
  CHECK(tensors.find("told")->type == TensorType::bfloat16);
  CHECK(tensors.find("told")->shape == std::vector<int64_t>{2, 2});
  CHECK(tensors.read_floats("told") == std::vector<float>{1, -2, 0.25f, 0});
  uint16_t row[2] = {};
  tensors.read_bytes("told", 1, 1, std::as_writable_bytes(std::span(row)));
  CHECK(row[0] == 0x3e80);
  CHECK_THROWS_WITH_AS(CheckpointReader(test.path).read_floats("told"), doctest::Contains("got bfloat16"), DataError);
}

TEST_CASE("checkpoint: h5ls, h5dump and h5diff read it") {
  if (output_of("h5dump --version").second != 0) {
    MESSAGE("there is no h5dump (Debian: hdf5-tools) to ask");
    return;
  }
  const TestDirectory directory;
  const auto save = [&](const std::string& name, float bias) {
    ParameterStore params;
    params.add({.name = "dnn/kernel", .shape = {2, 3}, .initializer = constant_initializer(0.25f)});
    params.add({.name = "dnn/bias", .shape = {3}, .initializer = constant_initializer(bias)});
    params.global_step = 7;
    save_checkpoint(directory.file(name), params);
    return directory.file(name);
  };
  const std::string a = save("a.h5", 1.5f), b = save("b.h5", 1.5f), c = save("c.h5", 2.5f);
  const auto [list, listed] = output_of("h5ls -r " + a);
  CHECK(listed == 0);
  CHECK_MESSAGE(list.find("/arrays/dnn|kernel       Dataset {2, 3}") != std::string::npos, list);
  const auto [dump, dumped] = output_of("h5dump -d '/arrays/dnn|bias' " + a);
  CHECK(dumped == 0);
  CHECK_MESSAGE(dump.find("(0): 1.5, 1.5, 1.5") != std::string::npos, dump);
  CHECK_MESSAGE(dump.find("ATTRIBUTE \"crc32c\"") != std::string::npos, dump);
  CHECK(output_of("h5diff " + a + " " + b).second == 0);
  CHECK(output_of("h5diff " + a + " " + c).second != 0);
}

}  // namespace weft
#endif
