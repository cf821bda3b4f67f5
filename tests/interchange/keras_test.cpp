// Files of Keras 3 (keras_models.py made them): a whole model, its weights, and its weights in bfloat16. Number k of
// variable i is i + (k % 4) / 4: weights first, then the optimizer's slots.
#include <doctest/doctest.h>
#include <weft/core/error.h>
#include <weft/core/test_directory.h>
#include <weft/io/formats/keras.h>
#include <weft/io/formats/keras_archive.h>
#include <weft/io/formats/open_tensors.h>

#include <utility>

namespace weft {
namespace {

const std::string kData = WEFT_INTERCHANGE_DATA "keras/";

const std::vector<std::pair<std::string, std::vector<int64_t>>> kWeights = {
    {"layers/embedding/vars/0", {7, 3}},
    {"layers/dense/vars/0", {12, 5}},
    {"layers/dense/vars/1", {5}},
    {"layers/batch_normalization/vars/0", {5}},
    {"layers/batch_normalization/vars/1", {5}},
    {"layers/batch_normalization/vars/2", {5}},
    {"layers/batch_normalization/vars/3", {5}},
    {"layers/dense_1/vars/0", {5, 2}},
    {"layers/dense_1/vars/1", {2}},
};
constexpr int kSlots = 14;  // two a weight that is trained

std::vector<float> numbers(int64_t variable, int64_t count) {
  std::vector<float> out;
  for (int64_t k = 0; k < count; ++k) out.push_back(static_cast<float>(variable) + static_cast<float>(k % 4) / 4);
  return out;
}

void check_model(const NamedTensors& tensors, TensorType type) {
  int64_t variable = 0;
  for (const auto& [name, shape] : kWeights) {
    CAPTURE(name);
    const TensorInfo* info = tensors.find(name);
    REQUIRE(info != nullptr);
    CHECK(info->shape == shape);
    CHECK(info->type == type);
    CHECK(tensors.read_floats(name) == numbers(variable++, info->size()));
  }
  CHECK(tensors.read_integers("optimizer/vars/0") == std::vector<int64_t>{12});
  for (int slot = 0; slot < kSlots; ++slot) {
    const std::string name = "optimizer/vars/" + std::to_string(2 + slot);
    CAPTURE(name);
    REQUIRE(tensors.find(name) != nullptr);
    CHECK(tensors.read_floats(name) == numbers(variable++, tensors.find(name)->size()));
  }
}

}  // namespace

TEST_CASE("keras 3: weights, and a whole model") {
  check_model(open_keras_h5(kData + "model.weights.h5"), TensorType::float32);
  check_model(open_keras_archive(kData + "model.keras"), TensorType::float32);
  for (const char* file : {"model.weights.h5", "model.keras"})
    check_model(open_tensors(kData + file), TensorType::float32);
}

TEST_CASE("keras 3: bfloat16 weights are bfloat16") {
  check_model(open_keras_h5(kData + "bfloat16.weights.h5"), TensorType::bfloat16);
}

TEST_CASE("keras 3: a file that is cut short is an error that names it") {
  const TestDirectory test;
  for (const std::string file : {"model.weights.h5", "model.keras"}) {
    const std::string whole = file_bytes(kData + file);
    for (size_t size = 0; size < whole.size(); size += 997) {
      test.put(file, std::string_view(whole).substr(0, size));
      CHECK_THROWS_WITH_AS(open_tensors(test.file(file)), doctest::Contains(test.file(file).c_str()), DataError);
    }
  }
}

}  // namespace weft
