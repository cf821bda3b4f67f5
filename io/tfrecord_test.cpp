// Tests of RecordReader and RecordWriter together: round trips, then bytes that lie.
#include <weft/core/error.h>
#include <weft/core/test_directory.h>
#include <weft/io/crc32c.h>
#include <weft/io/tfrecord.h>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <unistd.h>
#include <zlib.h>

#include <filesystem>
#include <iterator>
#include <set>
#include <string>
#include <utility>
#include <vector>

#ifndef DOCTEST_CONFIG_DISABLE
namespace weft {
namespace {

template <class T>
std::string bytes_of(T value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}
std::string header(uint64_t length) {
  return bytes_of(length) + bytes_of(masked_crc32c(bytes_of(length)));
}
std::string frame(std::string_view data) {
  return header(data.size()) + std::string(data) + bytes_of(masked_crc32c(data));
}

// The records up to the end or an error, whose text comes last.
std::vector<std::string> read_all(const std::string& path, Compression compression = Compression::none) {
  std::vector<std::string> records;
  try {
    RecordReader reader(path, compression);
    for (std::string_view data; reader.read(data);) records.emplace_back(data);
  } catch (const DataError& error) {
    records.emplace_back(error.what());
  }
  return records;
}
bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::vector<std::string> some_records() {
  std::vector<std::string> records = {"", "a", "hello world", std::string(5000, 'x')};
  for (int i = 0; i < 300; ++i)
    records.push_back(std::string(static_cast<size_t>(i * 53 % 9000), static_cast<char>(i)));
  return records;
}

}  // namespace

TEST_CASE("tfrecord: a record's bytes are TensorFlow's") {
  const TestFile file;
  RecordWriter writer(file.path);
  writer.write("a");
  writer.close();
  // length 1, its masked CRC, 'a', the masked CRC of "a" that TensorFlow stores
  CHECK(file.bytes() ==
        bytes_of(uint64_t{1}) + bytes_of(masked_crc32c(bytes_of(uint64_t{1}))) + "a" + bytes_of(686059128u));
}

TEST_CASE("tfrecord: what is written is read, plain and compressed") {
  for (const auto compression : {Compression::none, Compression::gzip, Compression::zlib}) {
    const TestFile file;
    const auto records = some_records();
    RecordWriter writer(file.path, compression);
    for (const auto& record : records) writer.write(record);
    writer.close();
    CHECK(read_all(file.path, compression) == records);
    CHECK((file.bytes().size() < 100'000) == (compression != Compression::none));
    CHECK_THROWS_AS(writer.write("late"), ValueError);
  }
}

TEST_CASE("tfrecord: without close() nothing is written") {
  const TestFile file("old");
  {
    RecordWriter writer(file.path);
    writer.write(std::string(1 << 20, 'x'));
  }
  CHECK(file.bytes() == "old");
}

TEST_CASE("tfrecord: records longer than a block, and across blocks") {
  std::vector<std::string> records;
  for (const size_t size :
       {10u, (1u << 20) - 30u, 100u, 5u << 20, 3u, (1u << 20) - 16u, 0u, (1u << 20) - 15u, 700'000u, 700'000u})
    records.push_back(std::string(size, static_cast<char>('a' + records.size())));
  std::string bytes;
  for (const auto& record : records) bytes += frame(record);
  CHECK(read_all(TestFile(bytes).path) == records);
}

TEST_CASE("tfrecord: a record lives as long as its owner, a block is used again when nobody holds it") {
  std::string bytes;
  for (int i = 0; i < 40; ++i) bytes += frame(std::string(300'000, static_cast<char>('a' + i)));
  const TestFile file(bytes);
  RecordReader reader(file.path);
  RecordReader::Record record;
  std::vector<std::pair<std::string_view, std::shared_ptr<const void>>> kept;
  std::set<const void*> blocks;
  for (int i = 0; reader.next(record); ++i) {
    CHECK(record.number == i);
    CHECK(record.offset == i * 300'016);
    if (i % 10 == 0) kept.emplace_back(record.data, *record.owner);
    blocks.insert(record.owner->get());
  }
  CHECK(blocks.size() == kept.size() + 1);
  for (size_t i = 0; i < kept.size(); ++i)
    CHECK(kept[i].first == std::string(300'000, static_cast<char>('a' + 10 * i)));
  reader.open(file.path);
  REQUIRE(reader.next(record));
  CHECK(record.number == 0);
  CHECK(record.offset == 0);
  CHECK(blocks.count(record.owner->get()) == 1);
}

TEST_CASE("tfrecord: cut at every length") {
  const std::string first = frame("first"), bytes = first + frame("second");
  for (size_t length = 0; length <= bytes.size(); ++length) {
    const auto got = read_all(TestFile(bytes.substr(0, length)).path);
    const size_t start = length < first.size() ? 0 : first.size();
    const bool clean = length - start < 12 || length == bytes.size();  // a part of a header is a clean end
    REQUIRE(got.size() == (start > 0) + !clean + (length == bytes.size()));
    if (!clean) CHECK(has(got.back(), fmt::format("truncated record at {} (record {})", start, start > 0 ? 1 : 0)));
  }
}

TEST_CASE("tfrecord: every changed byte is found") {
  const std::string bytes = frame("first") + frame("second") + frame("third");
  for (size_t i = 0; i < bytes.size(); ++i) {
    std::string damaged = bytes;
    damaged[i] ^= 4;
    const auto got = read_all(TestFile(damaged).path);
    const size_t start = i < 21 ? 0 : i < 43 ? 21 : 43;
    REQUIRE(got.size() == (start == 0 ? 0 : start == 21 ? 1 : 2) + 1);
    CHECK(has(got.back(), fmt::format("corrupted record at {}", i < start + 12 ? start : start + 12)));
    CHECK(has(got.back(), "Is this even a TFRecord file?") == (i < 12));
  }
}

TEST_CASE("tfrecord: a huge length with a valid CRC is a truncated record") {
  for (const uint64_t length : {uint64_t{1} << 40, UINT64_MAX, UINT64_MAX - 15, UINT64_MAX - 16}) {
    const auto got = read_all(TestFile(frame("a") + header(length) + "some bytes").path);
    REQUIRE(got.size() == 2);
    CHECK(has(got[1], "truncated record at 17 (record 1): the file ends after 22 of its bytes"));
  }
}

TEST_CASE("tfrecord: gzip of several members, of none, damaged and cut") {
  const auto gzip = [](std::string_view bytes) {
    const TestFile file;
    const gzFile stream = gzopen(file.path.c_str(), "wb");
    gzwrite(stream, bytes.data(), static_cast<unsigned>(bytes.size()));
    gzclose(stream);
    return file.bytes();
  };
  const std::string bytes = frame("first") + frame("second") + frame("third");
  const std::vector<std::string> records = {"first", "second", "third"};
  const std::string two = gzip(std::string_view(bytes).substr(0, 30)) + gzip(std::string_view(bytes).substr(30));
  CHECK(read_all(TestFile(two).path, Compression::gzip) == records);
  CHECK(read_all(TestFile(gzip("")).path, Compression::gzip).empty());
  CHECK(read_all(TestFile("").path, Compression::gzip).empty());
  CHECK(has(read_all(TestFile(bytes).path, Compression::gzip).at(0),
            "in or after the record at 0 (record 0): inflate() failed with error -3: incorrect header check"));
  CHECK(has(read_all(TestFile(two).path).at(0), "corrupted record at 0 (Is this even a TFRecord file?)"));
  const std::string one = gzip(bytes);
  for (size_t length = 1; length < one.size(); ++length) {
    const auto got = read_all(TestFile(one.substr(0, length)).path, Compression::gzip);
    REQUIRE(!got.empty());
    CHECK(has(got.back(), "truncated record at"));
  }
}

TEST_CASE("tfrecord: a missing file and a directory are IoErrors") {
  CHECK_THROWS_WITH_AS(RecordReader("no/such/file"), doctest::Contains("no/such/file: No such file or directory"),
                       IoError);
  CHECK_THROWS_WITH_AS(RecordReader(std::filesystem::temp_directory_path().string()),
                       doctest::Contains("Is a directory"), IoError);
  CHECK_THROWS_AS(RecordWriter("no/such/directory/file"), IoError);
}

}  // namespace weft
#endif
