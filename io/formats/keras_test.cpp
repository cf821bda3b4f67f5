// Tests of open_keras_h5 and write_keras_h5. Files of the real Keras are read in tests/interchange.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/core/test_directory.h>
#include <weft/io/checkpoint.h>
#include <weft/io/formats/keras.h>
#include <weft/io/formats/open_tensors.h>
#include <weft/io/formats/weft_checkpoint.h>
#include <weft/io/hdf5.h>

#include <cstring>
#include <vector>

namespace weft {
namespace {

/// Float32 tensors of two numbers, the first one their place in the list.
NamedTensors tensors_of(const std::vector<std::string>& names, TensorType type = TensorType::float32) {
  std::vector<TensorInfo> tensors;
  for (const std::string& name : names) tensors.push_back({.name = name, .type = type, .shape = {2}});
  return NamedTensors({.where = "memory",
                       .format = "test",
                       .tensors = std::move(tensors),
                       .read_rows = [](size_t i, int64_t first, int64_t count, std::span<std::byte> out) {
                         const float numbers[] = {static_cast<float>(i), 0.5f};
                         std::memcpy(out.data(), numbers + first, static_cast<size_t>(count) * sizeof(float));
                       }});
}

}  // namespace

TEST_CASE("keras: weights are found under their layers, in Keras' order, and read back") {
  const TestFile test;
  const std::vector<std::string> layers = {"dnn/hidden", "bn"};
  write_keras_h5(test.path,
                 tensors_of({"bn/beta:0", "bn/gamma:0", "bn/moving_mean:0", "dnn/hidden/bias", "dnn/hidden/kernel"}),
                 layers);
  const Hdf5File file = Hdf5File::open(test.path);
  CHECK(file.texts("/", "layer_names") == layers);
  CHECK(file.texts("bn", "weight_names") == std::vector<std::string>{"bn/gamma:0", "bn/beta:0", "bn/moving_mean:0"});
  CHECK(file.texts("dnn/hidden", "weight_names") ==
        std::vector<std::string>{"dnn/hidden/kernel:0", "dnn/hidden/bias:0"});
  CHECK(file.read<float>("dnn/hidden/dnn/hidden/kernel:0") == std::vector<float>{4, 0.5f});
  const NamedTensors read = open_keras_h5(test.path);
  CHECK(read.tensors().size() == 5);
  CHECK(read.read_floats("bn/gamma:0") == std::vector<float>{1, 0.5f});
  CHECK(read.read_floats("dnn/hidden/bias:0") == std::vector<float>{3, 0.5f});
}

TEST_CASE("keras: the newer layout keeps its paths") {
  const TestFile test;
  write_keras_h5(test.path, tensors_of({"layers/dense/vars/0", "layers/dense/vars/1", "optimizer/vars/0"}));
  const NamedTensors read = open_keras_h5(test.path);
  CHECK(read.read_floats("layers/dense/vars/1") == std::vector<float>{1, 0.5f});
  CHECK(read.read_floats("optimizer/vars/0") == std::vector<float>{2, 0.5f});
  CHECK_FALSE(Hdf5File::open(test.path).texts("/", "layer_names"));
  CHECK(Hdf5File::open(test.path).contains("vars"));
}

TEST_CASE("keras: more layers than an attribute of the older format could list") {
  const TestFile test;
  std::vector<std::string> names;
  for (int i = 0; i < 1200; ++i) names.push_back(fmt::format("{}_{}/kernel:0", std::string(60, 'x'), i));
  write_keras_h5(test.path, tensors_of(names));
  CHECK(open_keras_h5(test.path).find(names[1100]) != nullptr);
}

TEST_CASE("keras: a list of layers in several attributes, and names that occur twice") {
  const TestFile test;
  const auto make = [&](const std::string& second) {
    Hdf5File file = Hdf5File::create(test.path);
    for (const std::string layer : {"a", "b"}) {
      file.make_group(layer);
      const std::string weight = layer + "/" + (layer == "a" ? "x:0" : second);
      file.make_array({weight, ArrayType::float32, {1}}).write(0, 1, std::vector<float>{1}.data());
    }
    file.set_texts("/", "layer_names0", std::vector<std::string>{"a"});
    file.set_texts("/", "layer_names1", std::vector<std::string>{"b"});
    file.close();
  };
  make("y:0");
  CHECK(open_keras_h5(test.path).tensors()[1].name == "y:0");
  make("x:0");
  CHECK(open_keras_h5(test.path).tensors()[1].name == "b/x:0");
}

TEST_CASE("keras: what can't be written is refused, and the file stays as it was") {
  const TestFile test("as it was");
  CHECK_THROWS_AS(write_keras_h5(test.path, tensors_of({"a//kernel"})), DataError);
  CHECK_THROWS_AS(write_keras_h5(test.path, tensors_of({"./kernel"})), DataError);
  CHECK_THROWS_AS(write_keras_h5(test.path, tensors_of({"a/"})), DataError);
  CHECK_THROWS_AS(write_keras_h5(test.path, tensors_of({"a/kernel", "layers/a/vars/0"})), DataError);
  CHECK_THROWS_AS(write_keras_h5(test.path, tensors_of({"a/kernel"}, TensorType::string)), DataError);
  CHECK_THROWS_AS(write_keras_h5(test.path, tensors_of({"a/kernel"}), std::vector<std::string>{"b"}), ValueError);
  CHECK(test.bytes() == "as it was");
}

TEST_CASE("keras: a list of layers that can't be read is told, where the format is found out too") {
  const TestFile test;
  const auto make = [&](bool damaged) {
    Hdf5File file = Hdf5File::create(test.path);
    file.make_array({"x", ArrayType::float32, {1}}).write(0, 1, std::vector<float>{1}.data());
    if (damaged) file.set_integers("/", "layer_names", std::vector<int64_t>{1, 2});
    file.close();
  };
  make(false);
  CHECK_FALSE(with_keras_names(open_weft_checkpoint(test.path)).has_value());
  CHECK(open_tensors(test.path).format() == "HDF5");
  make(true);
  CHECK_THROWS_WITH_AS(with_keras_names(open_weft_checkpoint(test.path)),
                       doctest::Contains("layer_names: it is no list of texts"), DataError);
  CHECK_THROWS_AS(open_tensors(test.path), DataError);
}

TEST_CASE("keras: other HDF5 files are refused") {
  const TestFile test;
  Hdf5File::create(test.path).close();
  CHECK_THROWS_WITH_AS(open_keras_h5(test.path), doctest::Contains("no file of Keras"), DataError);
  CheckpointWriter(test.path).close();
  CHECK_THROWS_WITH_AS(open_keras_h5(test.path), doctest::Contains("a checkpoint of weft"), DataError);
}

}  // namespace weft
