// Files of torch 2.14 (pytorch.py made them): state dicts, checkpoints with an optimizer, views, the older form;
// damaged ones.
#include <doctest/doctest.h>
#include <weft/core/error.h>
#include <weft/core/test_directory.h>
#include <weft/io/formats/pytorch.h>

namespace weft {
namespace {

const std::string kData = WEFT_INTERCHANGE_DATA "pytorch/";

/// Reads all there is; the numbers of it.
int64_t read_all(const std::string& path) {
  const NamedTensors tensors = open_pytorch(path);
  int64_t numbers = 0;
  for (const TensorInfo& info : tensors.tensors()) {
    if (size_of(info.type) > 0) numbers += std::ssize(tensors.read_floats(info.name));
    if (info.type == TensorType::string) tensors.read_strings(info.name);
  }
  return numbers;
}

}  // namespace

TEST_CASE("pytorch: a checkpoint with its optimizer") {
  const NamedTensors tensors = open_pytorch(kData + "checkpoint.pt");
  CHECK(tensors.find("model.video.weight")->shape == std::vector<int64_t>{5, 3});
  CHECK(tensors.find("model.net.bn.num_batches_tracked")->type == TensorType::int64);
  CHECK(tensors.read_integers("epoch") == std::vector<int64_t>{3});
  CHECK(tensors.read_floats("best") == std::vector<float>{0.5f});
  CHECK(tensors.read_strings("name") == std::vector<std::string>{"x"});
  CHECK(tensors.read_floats("optimizer.state.0.step") == std::vector<float>{1});
  // Row 3 was not read: its sum is the initial one.
  const std::vector<float> sums = tensors.read_floats("optimizer.state.0.sum");
  REQUIRE(sums.size() == 15);
  CHECK(sums[9] == 0.1f);
  CHECK(tensors.read_integers("optimizer.param_groups.0.params.4") == std::vector<int64_t>{4});
}

TEST_CASE("pytorch: every view and type that torch writes") {
  const NamedTensors tensors = open_pytorch(kData + "views.pt");
  CHECK(tensors.read_floats("slice") == std::vector<float>{8, 9, 10, 14, 15, 16});
  CHECK(tensors.read_floats("rows") == std::vector<float>{6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17});
  CHECK(tensors.read_floats("expanded") == std::vector<float>{1, 2, 1, 2, 1, 2});
  CHECK(tensors.read_floats("list.1.0") == std::vector<float>{1});
  CHECK(tensors.read_floats("scalar") == std::vector<float>{2.5f});
  float row[6];
  tensors.read("cube", 2, {.data = row, .rows = 1, .width = 6, .stride = 6});
  CHECK((std::vector<float>(row, row + 6) == std::vector<float>{2, 6, 10, 14, 18, 22}));
  for (const char* type : {"float64", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "uint16"}) {
    CAPTURE(type);
    CHECK(to_string(tensors.find(type)->type) == type);
    CHECK(tensors.read_floats(type) == std::vector<float>{1, 0, 3});
  }
  CHECK(tensors.read_integers("bool") == std::vector<int64_t>{1, 0, 1});
}

TEST_CASE("pytorch: the form before torch 1.6, pickle protocol 4 and zip with 64 bits hold the same") {
  const NamedTensors checkpoint = open_pytorch(kData + "checkpoint.pt");
  for (const char* name : {"legacy.pt", "protocol_4.pt", "zip64.pt"}) {
    const NamedTensors tensors = open_pytorch(kData + name);
    CHECK(tensors.tensors().size() == 8);
    for (const TensorInfo& info : tensors.tensors()) {
      CHECK(tensors.read_floats(info.name) == checkpoint.read_floats("model." + info.name));
    }
  }
  CHECK(open_pytorch(kData + "bare.pt").read_floats("tensor") == std::vector<float>{1, 1, 1, 1});
}

TEST_CASE("pytorch: whole modules and pickles that run commands are refused by name") {
  CHECK_THROWS_WITH_AS(open_pytorch(kData + "module.pt"), doctest::Contains("\"ModuleDict\""), DataError);
  CHECK_THROWS_WITH_AS(open_pytorch(kData + "hostile.pt"), doctest::Contains("\"system\" of \"posix\""), DataError);
  CHECK_THROWS_AS(open_pytorch(kData + "../word_vectors/gensim.bin"), DataError);
}

TEST_CASE("pytorch: cut files and flipped bits are errors or other numbers") {
  const std::string whole = file_bytes(kData + "protocol_4.pt");
  const TestFile file;
  file.put(whole);
  CHECK(read_all(file.path) == 6 + 2 + 2 * 4 + 1 + 15);
  for (size_t size = 0; size < whole.size(); size += 7) {
    file.put(std::string_view(whole).substr(0, size));
    CHECK_THROWS_AS(read_all(file.path), DataError);
  }
  int accepted = 0;
  for (size_t bit = 0; bit < whole.size() * 8; bit += 3) {
    std::string bytes = whole;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
    file.put(bytes);
    try {
      const int64_t read = read_all(file.path);  // fewer if a bit of a shape is another one
      CHECK(read >= 0);
      ++accepted;
    } catch (const DataError&) {
    }
  }
  CHECK(accepted > 0);  // bits of numbers
}

}  // namespace weft
