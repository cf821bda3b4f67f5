// Tests of TensorFlow's checkpoints. What the real TensorFlow wrote is read in tests/reference.
#ifndef DOCTEST_CONFIG_DISABLE
#include <doctest/doctest.h>
#include <weft/core/error.h>
#include <weft/core/test_directory.h>
#include <weft/io/crc32c.h>
#include <weft/io/formats/checkpoint_path.h>
#include <weft/io/formats/table_file.h>
#include <weft/io/formats/tensor_bundle.h>
#include <weft/io/formats/tensor_bundle_entry.h>

#include <algorithm>
#include <cstring>

namespace weft {
namespace {

const std::vector<std::string> words = {"", "abc", std::string("\0\xff", 2), std::string(300, 'x')};

// "table" of rows 0, 1, 2 ... and more, from memory.
NamedTensors some_tensors(int64_t rows) {
  return NamedTensors({.where = "memory",
                       .format = "test",
                       .tensors = {{"table", TensorType::float32, {rows, 2}},
                                   {"step", TensorType::int64, {}},
                                   {"none", TensorType::float32, {0, 4}},
                                   {"words", TensorType::string, {2, 2}}},
                       .read_rows =
                           [](size_t, int64_t first, int64_t count, std::span<std::byte> out) {
                             std::memset(out.data(), 0, out.size());
                             for (int64_t i = 0; i < count && out.size() > 8; ++i) {
                               const auto number = static_cast<float>(first + i);
                               std::memcpy(out.data() + i * 8, &number, 4);
                             }
                           },
                       .read_strings = [](size_t) { return words; }});
}

std::string index_of(const std::vector<std::pair<std::string, bundle::Entry>>& entries) {
  std::vector<TableEntry> table{{"", bundle::header_bytes({.shards = 1})}};
  for (const auto& [key, entry] : entries) table.push_back({key, bundle::entry_bytes(entry)});
  return table_bytes(table);
}

// Opens what the bytes say, reads all of it that a small file can hold.
void read_all(const std::string& path) {
  const NamedTensors tensors = open_tensor_bundle(path);
  for (const TensorInfo& info : tensors.tensors()) {
    if (info.type == TensorType::string) {
      tensors.read_strings(info.name);
      continue;
    }
    const int64_t rows = std::min<int64_t>(info.rows(), 1000);
    std::vector<std::byte> bytes(static_cast<size_t>(rows * info.width()) * size_of(info.type));
    tensors.read_bytes(info.name, 0, rows, bytes);
  }
}

}  // namespace

TEST_CASE("tensor bundle: what is written is read back, whole and by rows") {
  const TestDirectory test;
  const std::string prefix = test.path + "/model.ckpt-7";
  write_tensor_bundle(prefix, some_tensors(300000), StateFile::write);  // several pieces
  const NamedTensors tensors = open_tensor_bundle(test.path);
  CHECK(tensors.where() == prefix);
  CHECK(tensors.tensors().size() == 4);
  CHECK(tensors.read_floats("table")[2 * 299999] == 299999.0f);
  CHECK(tensors.read_integers("step") == std::vector<int64_t>{0});
  CHECK(tensors.read_floats("none").empty());
  CHECK(tensors.read_strings("words") == words);
  float row[2];
  tensors.read("table", 123456, {row, 1, 2, 2});
  CHECK(row[0] == 123456.0f);
  const NamedTensors other = some_tensors(1).renamed([](const std::string&) { return std::string(); });
  CHECK_NOTHROW(write_tensor_bundle(prefix, other));
  CHECK(open_tensor_bundle(prefix).tensors().empty());
}

TEST_CASE("tensor bundle: every bit of the index matters, damaged data is refused by name") {
  const TestDirectory test;
  const std::string prefix = test.path + "/m";
  write_tensor_bundle(prefix, some_tensors(5));
  const std::string index = test.text("m.index"), data = test.text("m.data-00000-of-00001");
  for (size_t i = 0; i < index.size(); ++i) {
    std::string bad = index;
    bad[i] = static_cast<char>(bad[i] ^ 0x10);
    test.put("m.index", bad);
    const bool padding = i >= index.size() - 48 && i < index.size() - 8;  // no checksum covers it
    if (padding) {
      try {
        read_all(prefix);
      } catch (const DataError&) {
      }
    } else {
      CHECK_THROWS_AS(read_all(prefix), DataError);
    }
    test.put("m.index", index.substr(0, i));
    CHECK_THROWS_AS(read_all(prefix), DataError);
  }
  test.put("m.index", index);
  for (size_t i = 0; i < data.size(); i += 3) {
    std::string bad = data;
    bad[i] = static_cast<char>(bad[i] ^ 1);
    test.put("m.data-00000-of-00001", bad);
    CHECK_THROWS_AS(read_all(prefix), DataError);
  }
  test.put("m.data-00000-of-00001", data.substr(0, 3));
  CHECK_THROWS_WITH_AS(open_tensor_bundle(prefix).read_floats("table"), doctest::Contains("'table'"), DataError);
  test.put("m.data-00000-of-00001", data);
  CHECK_NOTHROW(read_all(prefix));
}

TEST_CASE("tensor bundle: entries that can't be are refused before memory is taken") {
  const TestDirectory test;
  test.put("m.data-00000-of-00001", std::string(64, '\0'));
  const auto refused = [&](const bundle::Entry& entry) {
    test.put("m.index", index_of({{"a", entry}}));
    CHECK_THROWS_AS(read_all(test.path + "/m"), DataError);
  };
  refused({.dtype = 1, .shape = {-1}, .size = 4});
  refused({.dtype = 1, .shape = {1}, .size = 8});
  refused({.dtype = 1, .shape = {1}, .shard = 1, .size = 4});
  refused({.dtype = 1, .shape = {1}, .offset = -4, .size = 4});
  refused({.dtype = 1, .shape = {1}, .offset = INT64_MAX, .size = 4});
  refused({.dtype = 1, .shape = {int64_t{1} << 50}, .size = int64_t{1} << 52});
  refused({.dtype = 1, .shape = {int64_t{1} << 40, int64_t{1} << 40, 0}, .size = 0});
  refused({.dtype = 7, .shape = {int64_t{1} << 50}, .size = 64});
  refused({.dtype = 7, .shape = {1}, .size = INT64_MAX});
  refused({.dtype = 1, .shape = {16}, .size = 64, .masked_crc = 1});
  const RandomAccessFile file(test.put("table", table_bytes({{"b", ""}, {"a", ""}})));
  CHECK_THROWS_WITH_AS(read_table(file), doctest::Contains("keys out of order"), DataError);
}

TEST_CASE("table file: several blocks") {
  const TestDirectory test;
  std::vector<TableEntry> entries;
  for (int i = 0; i < 500; ++i) entries.push_back({std::to_string(1000 + i), std::string(static_cast<size_t>(i), 'v')});
  const RandomAccessFile file(test.put("table", table_bytes(entries)));
  const auto got = read_table(file);
  REQUIRE(got.size() == 500);
  CHECK(got[499].key == "1499");
  CHECK(got[499].value.size() == 499);
}

}  // namespace weft
#endif
