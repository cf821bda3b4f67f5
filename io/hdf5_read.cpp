// Whole HDF5 arrays as vectors.
#include <fmt/format.h>
#include <unistd.h>
#include <weft/core/error.h>
#include <weft/core/test_directory.h>
#include <weft/io/hdf5.h>

#include <doctest/doctest.h>
#include <iterator>
#include <type_traits>

namespace weft {

template <class T>
std::vector<T> Hdf5File::read(const std::string& object) const {
  constexpr ArrayType kType = std::is_same_v<T, float>     ? ArrayType::float32
                              : std::is_same_v<T, double>  ? ArrayType::float64
                              : std::is_same_v<T, int32_t> ? ArrayType::int32
                              : std::is_same_v<T, int64_t> ? ArrayType::int64
                                                           : ArrayType::uint8;
  const Hdf5Array stored = array(object);
  const ArrayInfo& info = stored.info();
  if (info.type != kType) {
    throw DataError(
        fmt::format("[hdf5] {}: {}: got {}, expected {}.", path(), object, to_string(info.type), to_string(kType)));
  }
  std::vector<T> values(static_cast<size_t>(info.size()));
  stored.read(0, info.rows(), values.data());
  return values;
}
template std::vector<float> Hdf5File::read(const std::string&) const;
template std::vector<double> Hdf5File::read(const std::string&) const;
template std::vector<int32_t> Hdf5File::read(const std::string&) const;
template std::vector<int64_t> Hdf5File::read(const std::string&) const;
template std::vector<uint8_t> Hdf5File::read(const std::string&) const;

#ifndef DOCTEST_CONFIG_DISABLE
/// Asked for by the leak sanitizer: HDF5 1.10 itself loses memory when it meets a damaged header, as the tests make it
/// do.
extern "C" const char* __lsan_default_suppressions();  // NOLINT: the sanitizer's name
extern "C" const char* __lsan_default_suppressions() {
  return "leak:libhdf5";
}

namespace {

template <class T>
void put(Hdf5File& file, const ArrayInfo& info, const std::vector<T>& values) {
  file.make_array(info).write(0, info.rows(), values.data());
}

/// Everything that can be read of a file.
void read_all(const Hdf5File& file, const std::string& group) {
  for (const auto& [name, is_group] : file.members(group)) {
    const std::string object = group + (group == "/" ? "" : "/") + name;
    file.text(object, "note");
    file.texts(object, "notes");
    file.integers(object, "list");
    if (is_group) {
      read_all(file, object);
    } else {
      const Hdf5Array array = file.array(object);
      std::vector<char> bytes(static_cast<size_t>(array.info().size()) * size_of(array.info().type));
      array.read(0, array.info().rows(), bytes.data());
    }
  }
}

}  // namespace

TEST_CASE("hdf5: arrays of every type, ranks, extents of 0, attributes, and the list of them") {
  const TestFile test;
  {
    Hdf5File file = Hdf5File::create(test.path);
    file.make_group("g");
    put<float>(file, {"g/f", ArrayType::float32, {2, 3}}, {1, 2, 3, 4, 5, 6});
    put<double>(file, {"d", ArrayType::float64, {1}}, {0.1});
    put<int32_t>(file, {"i", ArrayType::int32, {2}}, {-1, 7});
    put<int64_t>(file, {"l", ArrayType::int64, {}}, {int64_t{1} << 40});
    put<uint8_t>(file, {"u", ArrayType::uint8, {0, 5}}, {});
    file.set_text("/", "note", "warp and weft");
    file.set_text("g/f", "empty", "");
    file.set_integers("g", "list", std::vector<int64_t>{3, -4});
    file.set_integers("g", "none", {});
    file.close();
  }
  const Hdf5File file = Hdf5File::open(test.path);
  CHECK(file.read<float>("g/f") == std::vector<float>{1, 2, 3, 4, 5, 6});
  CHECK(file.read<double>("d") == std::vector<double>{0.1});
  CHECK(file.read<int32_t>("i") == std::vector<int32_t>{-1, 7});
  CHECK(file.read<int64_t>("l") == std::vector<int64_t>{int64_t{1} << 40});
  CHECK(file.read<uint8_t>("u").empty());
  CHECK(file.array("u").info().shape == std::vector<int64_t>{0, 5});
  CHECK(file.array("l").info().rank() == 0);
  CHECK(file.text("/", "note") == "warp and weft");
  CHECK(file.text("g/f", "empty") == "");
  CHECK_FALSE(file.text("/", "other").has_value());
  CHECK(file.integers("g", "list") == std::vector<int64_t>{3, -4});
  CHECK(file.integers("g", "none") == std::vector<int64_t>{});
  const auto members = file.members("/");
  REQUIRE(members.size() == 5);
  CHECK(members[1].name == "g");
  CHECK(members[1].group);
  CHECK(file.contains("g/f"));
  CHECK_FALSE(file.contains("g/x"));
  CHECK_FALSE(file.contains("x/y"));
  float row[3] = {};
  file.array("g/f").read(1, 1, row);
  CHECK(row[2] == 6.0f);
}

TEST_CASE("hdf5: wrong questions are DataErrors that name file and object") {
  const TestFile test;
  Hdf5File writer = Hdf5File::create(test.path);
  put<float>(writer, {"f", ArrayType::float32, {4}}, {1, 2, 3, 4});
  writer.set_text("f", "note", "text");
  writer.close();
  const Hdf5File file = Hdf5File::open(test.path);
  CHECK_THROWS_WITH_AS(file.read<float>("x"), doctest::Contains((test.path + ": x").c_str()), DataError);
  CHECK_THROWS_WITH_AS(file.read<int64_t>("f"), doctest::Contains("got float32, expected int64"), DataError);
  CHECK_THROWS_AS(file.integers("f", "note"), DataError);
  CHECK_THROWS_AS(file.members("f"), DataError);
  float numbers[8];
  CHECK_THROWS_AS(file.array("f").read(2, 3, numbers), DataError);
  CHECK_THROWS_AS(file.array("f").read(-1, 1, numbers), DataError);
  CHECK_THROWS_AS(file.array("f").read(5, 0, numbers), DataError);
}

TEST_CASE("hdf5: what is no file, or no HDF5 file") {
  CHECK_THROWS_WITH_AS(Hdf5File::open("/nowhere/x.h5"),
                       "[hdf5] /nowhere/x.h5: can't open: No such file or directory, expected an HDF5 file. Check the "
                       "path and its permissions.",
                       IoError);
  CHECK_THROWS_AS(Hdf5File::open("/"), IoError);
  CHECK_THROWS_WITH_AS(Hdf5File::create("/nowhere/x.h5.tmp", "/nowhere/x.h5"),
                       "[hdf5] /nowhere/x.h5: /: can't write: No such file or directory. Check the room on the disk.",
                       IoError);
  const TestFile test;
  for (const char* bytes :
       {"", "x", "\x89HDF\r\n\x1a\n", "this is a text that is longer than the signature of a file"}) {
    test.put(bytes);
    const std::string text = fmt::format("not an HDF5 file, or cut short: {} bytes", std::string_view(bytes).size());
    CHECK_THROWS_WITH_AS(Hdf5File::open(test.path), doctest::Contains(text.c_str()), DataError);
  }
}

TEST_CASE("hdf5: extents that the file can't hold are refused before memory is asked for") {
  const TestFile test;
  {
    Hdf5File file = Hdf5File::create(test.path);
    file.make_array({"huge", ArrayType::float32, {int64_t{1} << 58}});
    file.make_array({"huge square", ArrayType::float32, {int64_t{1} << 31, int64_t{1} << 31, int64_t{1} << 31}});
    file.make_array({"huge, no rows", ArrayType::float32, {0, int64_t{1} << 60}});
    file.close();
  }
  const Hdf5File file = Hdf5File::open(test.path);
  for (const auto& member : file.members("/")) CHECK_THROWS_AS(file.array(member.name), DataError);
}

TEST_CASE("hdf5: cut and flipped files give errors or values, never a crash") {
  const TestFile test;
  {
    Hdf5File file = Hdf5File::create(test.path);
    file.make_group("g");
    put<float>(file, {"g/f", ArrayType::float32, {2, 3}}, {1, 2, 3, 4, 5, 6});
    file.set_text("g/f", "note", "text");
    file.set_texts("g/f", "notes", std::vector<std::string>{"a", "", "text"});
    file.set_integers("g/f", "list", std::vector<int64_t>(20, 7));
    file.close();
  }
  const std::string whole = test.bytes();
  REQUIRE(whole.size() > 100);
  const auto attempt = [&](const std::string& bytes) {
    test.put(bytes);
    try {
      read_all(Hdf5File::open(test.path), "/");
    } catch (const DataError&) {
      return false;
    }
    return true;
  };
  CHECK(attempt(whole));
  for (size_t length = 0; length < whole.size(); ++length) CHECK_FALSE(attempt(whole.substr(0, length)));
  for (size_t i = 0; i < whole.size(); ++i) {
    std::string flipped = whole;
    flipped[i] = static_cast<char>(flipped[i] ^ (1 << (i % 8)));
    attempt(flipped);
  }
  CHECK(attempt(whole));
}

#endif
}  // namespace weft
