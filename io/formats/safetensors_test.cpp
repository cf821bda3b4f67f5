// Tests of safetensors on files made by hand, sound and hostile. Files of the real library are read in
// tests/interchange.
#include <doctest/doctest.h>
#include <weft/core/error.h>
#include <weft/core/test_directory.h>
#include <weft/io/formats/safetensors.h>

#include <cstring>
#include <string>
#include <vector>

namespace weft {
namespace {

std::string file_of(const std::string& header, const std::string& numbers) {
  const uint64_t size = header.size();
  std::string bytes(sizeof size, '\0');
  std::memcpy(bytes.data(), &size, sizeof size);
  return bytes + header + numbers;
}

const std::string kTwo = R"({"a":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},"__metadata__":{"format":"pt"},)"
                         R"("b":{"dtype":"I8","shape":[],"data_offsets":[8,9]}})";
const std::string kNumbers("\0\0\x80\x3f\0\0\0\x40\xfe", 9);

}  // namespace

TEST_CASE("safetensors: a file by hand, whole and by rows, and written back") {
  const TestFile test(file_of(kTwo, kNumbers)), copy;
  write_safetensors(copy.path, open_safetensors(test.path));
  for (const std::string& path : {test.path, copy.path}) {
    const NamedTensors tensors = open_safetensors(path);
    REQUIRE(tensors.tensors().size() == 2);
    CHECK(tensors.read_floats("a") == std::vector<float>{1, 2});
    CHECK(tensors.read_integers("b") == std::vector<int64_t>{-2});
    float row[1];
    tensors.read("a", 1, {row, 1, 1, 1});
    CHECK(row[0] == 2);
  }
  const TestFile none(file_of("{}", ""));
  CHECK(open_safetensors(none.path).tensors().empty());
}

TEST_CASE("safetensors: headers that can't be are refused") {
  const TestFile test;
  const auto refused = [&](const std::string& header, const char* reason) {
    test.put(file_of(header, kNumbers));
    CHECK_THROWS_WITH_AS(open_safetensors(test.path), doctest::Contains(reason), DataError);
  };
  const auto one = [](const std::string& dtype, const std::string& shape, const std::string& offsets) {
    return R"({"a":{"dtype":)" + dtype + R"(,"shape":)" + shape + R"(,"data_offsets":)" + offsets + "}}";
  };
  refused(kTwo.substr(0, kTwo.size() - 1), "no JSON");
  refused("[]", "no object");
  refused(R"({"a":1})", "is no object");
  refused(std::string(100000, '['), "deeper");
  refused(R"({"a":{},"a":{}})", "twice");
  refused(one("1", "[9]", "[0,9]"), "no text");
  refused(one("\"I8\"", "[10]", "[0,9]"), "has 9 bytes");
  refused(one("\"I8\"", "[-9]", "[0,9]"), "something else");
  refused(one("\"I8\"", "[9.0]", "[0,9]"), "something else");
  refused(one("\"I8\"", "[4294967296,4294967296,9]", "[0,9]"), "has 9 bytes");
  refused(one("\"I8\"", "[18446744073709551616]", "[0,9]"), "something else");
  refused(one("\"I8\"", "[1]", "[9,8]"), "no begin and end");
  refused(one("\"I8\"", "[8]", "[0,8]"), "expected 8");
  refused(one("\"I8\"", "[10]", "[0,10]"), "expected 10");
  refused(one("\"I8\"", "[8]", "[1,9]"), "begins at 1, expected 0");
  refused(
      R"({"a":{"dtype":"I8","shape":[9],"data_offsets":[0,9]},"b":{"dtype":"I8","shape":[1],"data_offsets":[8,9]}})",
      "begins at 8, expected 9");
  test.put(std::string("\xff\xff\xff\xff\xff\xff\xff\x7f{}", 10));
  CHECK_THROWS_WITH_AS(open_safetensors(test.path), doctest::Contains("expected at most 2"), DataError);
  test.put(file_of(one("\"F8_E4M3\"", "[3,3]", "[0,9]"), kNumbers));
  CHECK(open_safetensors(test.path).tensors()[0].type == TensorType::other);
}

TEST_CASE("safetensors: cut and flipped files give errors or values, never a crash") {
  const TestFile test;
  const std::string whole = file_of(kTwo, kNumbers);
  const auto attempt = [&](const std::string& bytes) {
    test.put(bytes);
    try {
      const NamedTensors tensors = open_safetensors(test.path);
      for (const TensorInfo& info : tensors.tensors()) {
        if (size_of(info.type) > 0) tensors.read_floats(info.name);
      }
    } catch (const DataError&) {
      return false;
    }
    return true;
  };
  CHECK(attempt(whole));
  for (size_t length = 0; length < whole.size(); ++length) CHECK_FALSE(attempt(whole.substr(0, length)));
  for (size_t i = 0; i < whole.size() * 8; ++i) {
    std::string flipped = whole;
    flipped[i / 8] = static_cast<char>(flipped[i / 8] ^ (1 << (i % 8)));
    attempt(flipped);
  }
}

TEST_CASE("safetensors: what is no number is not written") {
  const TestFile test("as it was");
  const NamedTensors words(
      {.where = "memory", .format = "test", .tensors = {{"w", TensorType::string, {1}}}, .read_rows = {}});
  CHECK_THROWS_WITH_AS(write_safetensors(test.path, words), doctest::Contains("'w' is of type string"), DataError);
  CHECK(test.bytes() == "as it was");
}

}  // namespace weft
