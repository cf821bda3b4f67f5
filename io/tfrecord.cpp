// TFRecord: what reader and writer share.
#include <weft/io/crc32c.h>
#include <weft/io/tfrecord.h>

#include <doctest/doctest.h>
#include <fmt/format.h>

namespace weft {

Compression compression_of(std::string_view name) {
  if (name.empty()) return Compression::none;
  if (name == "GZIP") return Compression::gzip;
  if (name == "ZLIB") return Compression::zlib;
  throw ValueError(
      fmt::format("[compression_of] compression: got '{}', expected '', 'GZIP' or 'ZLIB'. Write \"\" for a plain "
                  "file.",
                  name));
}

void RecordReader::check(const Record& record, const std::string& path) {
  const uint32_t actual = masked_crc32c(record.data);
  if (actual == record.masked_crc) return;
  constexpr int kHeaderSize = 12;
  throw DataError(fmt::format(
      "[RecordReader] {}: corrupted record at {} (record {}, offset {}): the masked CRC of its {} bytes: "
      "got {:#010x}, expected {:#010x}. Write the file again.",
      path, record.offset + kHeaderSize, record.number, record.offset, record.data.size(), actual, record.masked_crc));
}

TEST_CASE("tfrecord: compression names are TensorFlow's") {
  CHECK(compression_of("") == Compression::none);
  CHECK(compression_of("GZIP") == Compression::gzip);
  CHECK(compression_of("ZLIB") == Compression::zlib);
  CHECK_THROWS_WITH_AS(compression_of("LZ4"), doctest::Contains("got 'LZ4'"), ValueError);
}

TEST_CASE("tfrecord: check compares the data with its CRC") {
  RecordReader::Record record{
      .data = "hello", .masked_crc = masked_crc32c("hello"), .offset = 20, .number = 3, .owner = nullptr};
  CHECK_NOTHROW(RecordReader::check(record, "a.tfrecord"));
  record.data = "hellp";
  CHECK_THROWS_WITH_AS(RecordReader::check(record, "a.tfrecord"),
                       doctest::Contains("a.tfrecord: corrupted record at 32 (record 3, offset 20)"), DataError);
}

}  // namespace weft
