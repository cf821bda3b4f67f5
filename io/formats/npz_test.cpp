// Tests of .npy and .npz files made by hand, sound and hostile. Files of the real NumPy are read in tests/interchange.
#include <doctest/doctest.h>
#include <weft/core/error.h>
#include <weft/core/test_directory.h>
#include <weft/io/formats/npy.h>
#include <weft/io/formats/zip_archive.h>
#include <zlib.h>

#include <cstring>
#include <vector>

namespace weft {
namespace {

std::string npy(const std::string& dict, const std::string& numbers) {
  std::string bytes("\x93NUMPY\1\0", 8);
  const auto size = static_cast<uint16_t>(dict.size());
  bytes.append(reinterpret_cast<const char*>(&size), sizeof size);
  return bytes + dict + numbers;
}

std::string dict_of(const std::string& type, const std::string& order, const std::string& shape) {
  return "{'descr': '" + type + "', 'fortran_order': " + order + ", 'shape': " + shape + ", }\n";
}

const std::string kSix("\1\2\3\4\5\6", 6);

std::string two_arrays(const std::string& path) {
  ZipWriter writer(path);
  for (const std::string name : {"a.npy", "b/c.npy"}) {
    const std::string bytes = npy(dict_of("|i1", "False", "(3, 2)"), kSix);
    writer.begin(name, bytes.size());
    writer.write(bytes);
  }
  writer.commit();
  return file_bytes(path);
}

std::string deflated(const std::string& bytes) {
  std::string out(compressBound(bytes.size()), '\0');
  auto size = static_cast<uLongf>(out.size());
  compress2(reinterpret_cast<Bytef*>(out.data()), &size, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size(), 9);
  return out.substr(2, size - 6);  // without zlib's header and checksum
}

/// An archive of "a.npy", compressed.
std::string compressed(const std::string& path, const std::string& npy) {
  const std::string stored = deflated(npy);
  ZipWriter writer(path);
  writer.begin("a.npy", stored.size());
  writer.write(stored);
  writer.commit();
  std::string bytes = file_bytes(path);
  char* entry = bytes.data() + bytes.find("PK\1\2");
  const uint64_t size = npy.size();
  const auto checksum = static_cast<uint32_t>(::crc32_z(0, reinterpret_cast<const Bytef*>(npy.data()), npy.size()));
  entry[10] = 8;
  std::memcpy(entry + 16, &checksum, sizeof checksum);
  std::memcpy(entry + 46 + 5 + 4, &size, sizeof size);
  put_file(path, bytes);
  return bytes;
}

}  // namespace

TEST_CASE("npy: rows in both orders, big-endian numbers, scalars") {
  const TestFile test(npy(dict_of("|i1", "False", "(3, 2)"), kSix));
  CHECK(open_npy(test.path).read_integers("array") == std::vector<int64_t>{1, 2, 3, 4, 5, 6});
  test.put(npy(dict_of("|i1", "True", "(3, 2)"), kSix));
  CHECK(open_npy(test.path).read_integers("array") == std::vector<int64_t>{1, 4, 2, 5, 3, 6});
  float row[2];
  open_npy(test.path).read("array", 2, {row, 1, 2, 2});
  CHECK(row[1] == 6);
  test.put(npy(dict_of("|i1", "True", "(1, 2, 3)"), kSix));
  CHECK(open_npy(test.path).read_integers("array") == std::vector<int64_t>{1, 3, 5, 2, 4, 6});
  test.put(npy(dict_of(">i2", "False", "(3,)"), kSix));
  CHECK(open_npy(test.path).read_integers("array") == std::vector<int64_t>{0x102, 0x304, 0x506});
  test.put(npy(dict_of("|b1", "False", "()"), "\1"));
  CHECK(open_npy(test.path).read_integers("array") == std::vector<int64_t>{1});
  test.put(npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", "abcd"));
  CHECK(open_npy(test.path).tensors()[0].type == TensorType::other);
  test.put(npy_header(TensorType::int8, {3, 2}) + kSix);
  CHECK(open_npy(test.path).read_integers("array") == std::vector<int64_t>{1, 2, 3, 4, 5, 6});
}

TEST_CASE("npy: headers that can't be are refused") {
  const TestFile test;
  const auto refused = [&](const std::string& bytes) {
    CAPTURE(bytes);
    test.put(bytes);
    CHECK_THROWS_AS(open_npy(test.path), DataError);
  };
  const std::string good = npy(dict_of("|i1", "False", "(3, 2)"), kSix);
  for (size_t length = 0; length < good.size(); ++length) refused(good.substr(0, length));
  refused(good + "x");
  refused(npy(dict_of("|i1", "False", "(6, 2)"), kSix));
  refused(npy(dict_of("|i1", "False", "(-6,)"), kSix));
  refused(npy(dict_of("|i1", "False", "(99999999999999999999,)"), kSix));
  refused(npy(dict_of("|i1", "False", "(4294967296, 4294967296, 6)"), kSix));
  refused(npy(dict_of("|i1", "Maybe", "(6,)"), kSix));
  refused(npy(dict_of("|i1", "False", "6"), kSix));
  refused(npy(dict_of("|i1", "False", "(6 6)"), kSix));
  refused(npy("{'descr': '|i1', 'fortran_order': False}", kSix));
  refused(npy("{'descr': '|i1', 'descr': '|i1', 'shape': (6,)}", kSix));
  refused(npy("{'descr': [[[", kSix));
  refused(npy(dict_of("|i1", "False", "(6,)") + "x", kSix));
  refused("\x93NUMPY\4" + good.substr(7));
  std::string ones;
  for (int axis = 0; axis < 65; ++axis) ones += "1, ";
  refused(npy(dict_of("|i1", "False", "(" + ones + ")"), "x"));
}

TEST_CASE("npz: written and read, and the same bytes again") {
  const TestFile test, copy, again;
  two_arrays(test.path);
  write_npz(copy.path, open_npz(test.path));
  write_npz(again.path, open_npz(copy.path));
  CHECK(copy.bytes() == again.bytes());
  const NamedTensors tensors = open_npz(copy.path);
  REQUIRE(tensors.tensors().size() == 2);
  CHECK(tensors.tensors()[1].name == "b/c");
  CHECK(tensors.read_integers("b/c") == std::vector<int64_t>{1, 2, 3, 4, 5, 6});
}

TEST_CASE("npz: other members are listed, not read") {
  const TestFile test;
  ZipWriter writer(test.path);
  writer.begin("notes.txt", 5);
  writer.write("hello");
  writer.begin("a.npy", npy(dict_of("|i1", "False", "(3, 2)"), kSix).size());
  writer.write(npy(dict_of("|i1", "False", "(3, 2)"), kSix));
  writer.commit();
  const NamedTensors tensors = open_npz(test.path);
  REQUIRE(tensors.tensors().size() == 2);
  CHECK(tensors.read_integers("a") == std::vector<int64_t>{1, 2, 3, 4, 5, 6});
  CHECK(tensors.find("notes.txt")->type == TensorType::other);
  CHECK_THROWS_AS(tensors.read_floats("notes.txt"), DataError);
}

TEST_CASE("npz: compressed arrays are decompressed as far as they are read") {
  const TestFile test;
  std::string numbers;
  for (int64_t i = 0; i < 300000; ++i) numbers += static_cast<char>(i * i / 7);
  const std::string whole = compressed(test.path, npy(dict_of("|u1", "False", "(100000, 3)"), numbers));
  const NamedTensors tensors = open_npz(test.path);
  std::string row(3, '\0');
  for (const int64_t at : {5, 99999, 70000, 0}) {
    tensors.read_bytes("a", at, 1, std::as_writable_bytes(std::span(row)));
    CHECK(row == numbers.substr(static_cast<size_t>(at) * 3, 3));
  }
  // Damage at the end is found where it is read, not when the file is opened.
  std::string damaged = whole;
  damaged[whole.find("PK\7\10") - 1000] ^= 1;
  test.put(damaged);
  const NamedTensors others = open_npz(test.path);
  others.read_bytes("a", 0, 1, std::as_writable_bytes(std::span(row)));
  CHECK(row == numbers.substr(0, 3));
  CHECK_THROWS_AS(others.read_floats("a"), DataError);
  compressed(test.path, npy(dict_of("|i1", "True", "(3, 2)"), kSix));
  CHECK(open_npz(test.path).read_integers("a") == std::vector<int64_t>{1, 4, 2, 5, 3, 6});
}

TEST_CASE("npz: damaged numbers, cut and flipped files give errors or values, never a crash") {
  const TestFile test;
  const std::string whole = two_arrays(test.path);
  const auto attempt = [&](const std::string& bytes) {
    test.put(bytes);
    try {
      const NamedTensors tensors = open_npz(test.path);
      for (const TensorInfo& info : tensors.tensors()) {
        if (size_of(info.type) > 0) tensors.read_floats(info.name);
      }
    } catch (const DataError&) {
      return false;
    }
    return true;
  };
  CHECK(attempt(whole));
  std::string damaged = whole;
  damaged[whole.find(kSix) + 2] ^= 1;
  CHECK_FALSE(attempt(damaged));
  for (size_t length = 0; length < whole.size(); ++length) {
    CAPTURE(whole.size() - length);
    CHECK_FALSE(attempt(whole.substr(0, length)));
  }
  for (size_t i = 0; i < whole.size(); ++i) {
    std::string flipped = whole;
    flipped[i] = static_cast<char>(flipped[i] ^ (1 << (i % 8)));
    attempt(flipped);
  }
}

}  // namespace weft
