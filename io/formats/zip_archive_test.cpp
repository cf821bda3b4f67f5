// Tests of ZipArchive on archives of ZipWriter's, sound and changed.
#include <doctest/doctest.h>
#include <weft/core/error.h>
#include <weft/core/test_directory.h>
#include <weft/io/formats/zip_archive.h>

#include <cstring>

namespace weft {
namespace {

/// Members "a" and "b" of the same text.
std::string two_members(const std::string& path) {
  ZipWriter writer(path);
  for (const char* name : {"a", "b"}) {
    writer.begin(name, 5);
    writer.write("hello");
  }
  writer.commit();
  return file_bytes(path);
}

std::string refusal(const std::string& bytes) {
  const TestFile file(bytes);
  try {
    const ZipArchive archive(file.path);
  } catch (const DataError& error) {
    return error.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("zip archive: members are read in ranges, whole and compared with their checksums") {
  const TestFile file;
  std::string bytes = two_members(file.path);
  const ZipArchive archive(file.path);
  REQUIRE(archive.members().size() == 2);
  const ZipMember& b = archive.members()[1];
  CHECK(b.name == "b");
  CHECK(archive.read(b, 5) == "hello");
  CHECK_THROWS_AS(archive.read(b, 4), DataError);
  char two[2];
  archive.read(b, 3, std::as_writable_bytes(std::span(two)));
  CHECK(std::string(two, 2) == "lo");
  CHECK_THROWS_AS(archive.read(b, 4, std::as_writable_bytes(std::span(two))), DataError);
  archive.verify(b);
  bytes[bytes.rfind("hello")] = 'j';
  file.put(bytes);
  CHECK_THROWS_AS(ZipArchive(file.path).verify(ZipArchive(file.path).members()[1]), DataError);
}

TEST_CASE("zip archive: members that overlap each other or the directory are refused") {
  const TestFile file;
  const std::string bytes = two_members(file.path);
  CHECK(refusal(bytes) == "accepted");
  const size_t directory = bytes.find("PK\1\2"), second = bytes.find("PK\1\2", directory + 1);
  const size_t offset = second + 46 + 1 + 4 + 16;  // behind the name and the two sizes of the extra field
  const auto with = [&](size_t at, uint64_t number) {
    std::string changed = bytes;
    std::memcpy(changed.data() + at, &number, sizeof number);
    return changed;
  };
  CHECK(refusal(with(offset, 0)).find("\"a\" and \"b\" overlap") != std::string::npos);
  std::string long_b = with(second + 46 + 1 + 4, 60);
  const uint64_t stored = 60;
  std::memcpy(long_b.data() + second + 46 + 1 + 4 + 8, &stored, sizeof stored);
  CHECK(refusal(long_b).find("\"b\" and \"the directory\" overlap") != std::string::npos);
}

}  // namespace weft
