// Tests of HDF5 files that others make: what hostile ones hold, and what the library's own tools say of ours.
#include <doctest/doctest.h>
#include <stdio.h>
#include <weft/core/error.h>
#include <weft/core/test_directory.h>
#include <weft/io/checkpoint.h>
#include <weft/io/formats/weft_checkpoint.h>
#include <weft/io/hdf5_test_body.h>
#include <zlib.h>

#include <algorithm>
#include <span>
#include <string>
#include <utility>
#include <vector>

#ifndef DOCTEST_CONFIG_DISABLE
namespace weft {
namespace {

using hdf5::Id;

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
  REQUIRE(tensors.tensors().size() == 2);
  CHECK(tensors.find("untold")->type == TensorType::other);  // bytes that nobody says to be numbers are none
  CHECK(tensors.find("told")->type == TensorType::bfloat16);
  CHECK(tensors.find("told")->shape == std::vector<int64_t>{2, 2});
  CHECK(tensors.read_floats("told") == std::vector<float>{1, -2, 0.25f, 0});
  uint16_t row[2] = {};
  tensors.read_bytes("told", 1, 1, std::as_writable_bytes(std::span(row)));
  CHECK(row[0] == 0x3e80);
  CHECK_THROWS_WITH_AS(CheckpointReader(test.path).read_floats("told"), doctest::Contains("got bfloat16"), DataError);
}

TEST_CASE("hdf5: texts of variable length are read, and damage in where they lie is told") {
  const TestFile test;
  {
    const hdf5::Session session;
    const Id file = new_file(test.path);
    const hsize_t extent[] = {3};
    const Id space(H5Screate_simple(1, extent, nullptr), H5Sclose), text(H5Tcopy(H5T_C_S1), H5Tclose);
    H5Tset_size(text, H5T_VARIABLE);
    const Id attribute(H5Acreate2(file, "layer_names", text, space, H5P_DEFAULT, H5P_DEFAULT), H5Aclose);
    const char* values[] = {"hidden_layer", "", "logits"};
    REQUIRE(H5Awrite(attribute, text, values) >= 0);
  }
  const std::string whole = test.bytes();
  const auto texts = [&] { return Hdf5File::open(test.path).texts("/", "layer_names"); };
  CHECK(texts() == std::vector<std::string>{"hidden_layer", "", "logits"});
  const size_t heap = whole.find("GCOL");
  REQUIRE(heap != std::string::npos);
  // In the attribute a text is: its length (4 bytes), the place of its heap (8), its number in the heap (4).
  const std::string place(reinterpret_cast<const char*>(&heap), sizeof heap);
  const size_t reference = whole.find(place, whole.find("layer_names"));
  REQUIRE(reference != std::string::npos);
  const auto refuses = [&](size_t at, const std::string& bytes, const char* what) {
    std::string damaged = whole;
    test.put(damaged.replace(at, bytes.size(), bytes));
    CHECK_THROWS_WITH_AS(texts(), doctest::Contains(what), DataError);
  };
  refuses(whole.find("layer_names"), "layer_names_", "an attribute of it is cut short");  // over the end of the name
  refuses(reference - 4, "\x64", "a text claims to be longer than it is");
  refuses(reference + 4, "\x01", "a part of its header claims to be at");
  refuses(reference, "\x60", "a text lies in no heap");
  refuses(reference + 8, "\x63", "a text is not in its heap");
  refuses(heap + 12, "\xff", "a part of its header claims to be at");
}

TEST_CASE("hdf5: the tables of groups are checked: their heap, its free room, names and trees") {
  const TestFile test;
  {
    const hdf5::Session session;
    const Id file = new_file(test.path);
    for (const char* name : {"a", "b"}) {
      const Id group(H5Gcreate2(file, name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), H5Gclose);
    }
  }
  const std::string whole = test.bytes();
  CHECK(Hdf5File::open(test.path).members("/").size() == 2);
  const size_t heap = whole.find("HEAP"), node = whole.find("SNOD"), tree = whole.find("TREE");
  REQUIRE(std::max({heap, node, tree}) != std::string::npos);
  const auto refuses = [&](size_t at, const std::string& bytes, const char* what) {
    std::string damaged = whole;
    test.put(damaged.replace(at, bytes.size(), bytes));
    CHECK_THROWS_WITH_AS(Hdf5File::open(test.path).members("/"), doctest::Contains(what), DataError);
  };
  refuses(heap, "XXXX", "its table of links has no heap");
  refuses(heap + 8, std::string(7, '\x7f'), "a part of its header claims to be at");  // its size
  refuses(heap + 16, std::string(7, '\x7f'), "the free room in the heap of its links lies beyond it");
  // The first free block follows itself.
  const uint64_t free_block = *reinterpret_cast<const uint64_t*>(whole.data() + heap + 16);
  const uint64_t data = *reinterpret_cast<const uint64_t*>(whole.data() + heap + 24);
  refuses(data + free_block, std::string(reinterpret_cast<const char*>(&free_block), 8), "is a circle");
  refuses(node, "XXXX", "a node of its links is none");
  // A tree of trees, the first of which is itself.
  std::string circle = whole.substr(tree, 40);
  circle[5] = 1;
  circle.replace(32, 8, reinterpret_cast<const char*>(&tree), 8);
  refuses(tree, circle, "hold");
  refuses(node + 8, std::string(7, '\x7f'), "the name of a link lies beyond its heap");
  refuses(tree, "XXXX", "its links have no tree");
  refuses(tree + 5, "\x01", "its links have no tree");  // what were leaves are none
}

TEST_CASE("hdf5: chunks must become chunks, by filters that are known") {
  const TestFile test;
  const auto make = [&](auto&& filters, const std::string& stored) {
    const hdf5::Session session;
    const Id file = new_file(test.path);
    const hsize_t extent[] = {8}, chunk[] = {4}, second[] = {4};
    const Id space(H5Screate_simple(1, extent, nullptr), H5Sclose), made(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
    H5Pset_chunk(made, 1, chunk);
    filters(made);
    const Id dataset(H5Dcreate2(file, "x", H5T_IEEE_F32LE, space, H5P_DEFAULT, made, H5P_DEFAULT), H5Dclose);
    const float values[] = {1, 2, 3, 4, 5, 6, 7, 8};
    REQUIRE(H5Dwrite(dataset, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0);
    if (!stored.empty()) {
      REQUIRE(H5Dwrite_chunk(dataset, H5P_DEFAULT, 0, second, stored.size(), stored.data()) >= 0);
    }
  };
  const auto deflated = [](size_t size) {
    std::string out(200, '\0');
    const std::string in(size, '\1');
    auto length = static_cast<uLongf>(out.size());
    ::compress(reinterpret_cast<Bytef*>(out.data()), &length, reinterpret_cast<const Bytef*>(in.data()), in.size());
    return out.substr(0, length);
  };
  const auto deflate = [](hid_t made) { H5Pset_deflate(made, 5); };
  const auto all = [](hid_t made) {
    H5Pset_shuffle(made);
    H5Pset_deflate(made, 5);
    H5Pset_fletcher32(made);
  };
  const auto refuses = [&](const char* what) {
    std::vector<float> numbers(8);
    CHECK_THROWS_WITH_AS(Hdf5File::open(test.path).array("x").read(0, 8, numbers.data()), doctest::Contains(what),
                         DataError);
  };
  make(all, "");
  CHECK(Hdf5File::open(test.path).read<float>("x") == std::vector<float>{1, 2, 3, 4, 5, 6, 7, 8});
  const char* other = "it gives another number of bytes than a chunk has";
  for (const std::string& stored :
       {deflated(12), deflated(20), std::string("no zlib stream"), deflated(16).substr(3)}) {
    make(deflate, stored);
    float first[4] = {};
    const Hdf5File file = Hdf5File::open(test.path);
    file.array("x").read(0, 4, first);
    CHECK(first[3] == 4);
    refuses(other);
  }
  make(all, "abc");
  refuses("a chunk is shorter than its check sum");
  make([](hid_t made) { H5Pset_scaleoffset(made, H5Z_SO_FLOAT_DSCALE, 2); }, "");
  refuses("HDF5's filter 6, which is not read");
  make(
      [](hid_t made) {
        H5Pset_deflate(made, 5);
        H5Pset_shuffle(made);
      },
      "");
  refuses("its filters come in an order that nobody writes");
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
  const std::pair<std::string, int> listed = output_of("h5ls -r " + a);
  const std::string& list = listed.first;
  CHECK(listed.second == 0);
  CHECK_MESSAGE(list.find("/arrays/dnn|kernel       Dataset {2, 3}") != std::string::npos, list);
  const std::pair<std::string, int> dumped = output_of("h5dump -d '/arrays/dnn|bias' " + a);
  const std::string& dump = dumped.first;
  CHECK(dumped.second == 0);
  CHECK_MESSAGE(dump.find("(0): 1.5, 1.5, 1.5") != std::string::npos, dump);
  CHECK_MESSAGE(dump.find("ATTRIBUTE \"crc32c\"") != std::string::npos, dump);
  CHECK(output_of("h5diff " + a + " " + b).second == 0);
  CHECK(output_of("h5diff " + a + " " + c).second != 0);
}

}  // namespace weft
#endif
