// The variables of a SavedModel of TensorFlow 2.15 (tensor_bundle.py made it): number k of variable i is i + k / 64.
#include <doctest/doctest.h>
#include <weft/core/error.h>
#include <weft/core/test_directory.h>
#include <weft/io/formats/open_tensors.h>
#include <weft/io/formats/tensor_bundle.h>

namespace weft {
namespace {

const std::string kData = WEFT_INTERCHANGE_DATA "saved_model";
const std::string kEnd = "/.ATTRIBUTES/VARIABLE_VALUE";

std::vector<float> numbers(int64_t variable, int64_t count) {
  std::vector<float> out;
  for (int64_t k = 0; k < count; ++k) out.push_back(static_cast<float>(variable) + static_cast<float>(k) / 64);
  return out;
}

void check_model(const NamedTensors& tensors) {
  CHECK(tensors.find("table" + kEnd)->shape == std::vector<int64_t>{6, 2});
  CHECK(tensors.read_floats("table" + kEnd) == numbers(0, 12));
  CHECK(tensors.find("half" + kEnd)->type == TensorType::bfloat16);
  CHECK(tensors.read_floats("half" + kEnd) == numbers(1, 6));
  CHECK(tensors.find("wide" + kEnd)->type == TensorType::float64);
  CHECK(tensors.read_floats("wide" + kEnd) == numbers(2, 3));
  CHECK(tensors.read_integers("steps" + kEnd) == std::vector<int64_t>{3});
}

}  // namespace

TEST_CASE("saved model: by its directory, its variables' and their prefix") {
  check_model(open_tensor_bundle(kData));
  for (const char* place : {"", "/variables", "/variables/variables", "/variables/variables.index"}) {
    CAPTURE(place);
    check_model(open_tensors(kData + place));
  }
}

TEST_CASE("saved model: the index is cut, the numbers are cut, a bit of them is another") {
  const TestDirectory test;
  const std::string index = "variables.index", shard = "variables.data-00000-of-00001";
  const std::string whole_index = file_bytes(kData + "/variables/" + index);
  const std::string whole_shard = file_bytes(kData + "/variables/" + shard);
  const auto read_all = [&] {
    const NamedTensors tensors = open_tensors(test.file("variables"));
    for (const TensorInfo& info : tensors.tensors()) {
      if (size_of(info.type) > 0) tensors.read_floats(info.name);
    }
  };
  test.put(shard, whole_shard);
  for (size_t size = 0; size < whole_index.size(); size += 3) {
    test.put(index, std::string_view(whole_index).substr(0, size));
    CHECK_THROWS_AS(read_all(), DataError);
  }
  test.put(index, whole_index);
  CHECK_NOTHROW(read_all());
  test.put(shard, std::string_view(whole_shard).substr(0, 40));
  CHECK_THROWS_WITH_AS(read_all(), doctest::Contains(shard.c_str()), DataError);
  std::string flipped = whole_shard;
  flipped[5] = static_cast<char>(flipped[5] ^ 4);  // of the table
  test.put(shard, flipped);
  CHECK_THROWS_WITH_AS(read_all(), doctest::Contains("table"), DataError);
}

}  // namespace weft
