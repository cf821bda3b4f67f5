// RecordReader: records as views into the blocks of a file.
#include <weft/io/block_reader.h>
#include <weft/io/crc32c.h>
#include <weft/io/tfrecord.h>

#include <fmt/format.h>

#include <cstring>

namespace weft {
namespace {

constexpr size_t kHeaderSize = 12, kFooterSize = 4;

template <class T>
T load(const char* bytes) {  // the format and the machines that weft runs on are little-endian
  T value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

}  // namespace

struct RecordReader::State {
  std::string path;
  BlockReader blocks;
  int64_t offset = 0;  ///< of the unread bytes, in the uncompressed stream
  int64_t number = 0;

  State(const std::string& file, Compression compression) : path(file), blocks(file, compression) {}

  bool fill(size_t need);
  void fetch(uint64_t length);
  bool at_end();
  [[noreturn]] void fail_truncated(uint64_t got) const;
  [[noreturn]] void fail_length(uint32_t actual, uint32_t expected) const;
};

bool RecordReader::State::fill(size_t need) {
  try {
    return blocks.fill(need);
  } catch (const InflateError& error) {
    throw DataError(fmt::format(
        "[RecordReader] {}: corrupted stream in or after the record at {} (record {}): {}. Check that the file is "
        "whole and compressed as the reader was told.",
        path, offset, number, error.what()));
  }
}

// Gets a whole frame. A plain file says at once that it is too short; a compressed one when it ends.
void RecordReader::State::fetch(uint64_t length) {
  const uint64_t there = blocks.unread() + blocks.source().left();
  if (there < kHeaderSize + kFooterSize || length > there - kHeaderSize - kFooterSize) fail_truncated(there);
  if (!fill(kHeaderSize + length + kFooterSize)) fail_truncated(blocks.unread());
}

bool RecordReader::State::at_end() {
  if (blocks.source().cut_short()) fail_truncated(blocks.unread());
  return false;
}

void RecordReader::State::fail_truncated(uint64_t got) const {
  throw DataError(fmt::format(
      "[RecordReader] {}: truncated record at {} (record {}): the file ends after {} of its bytes. Write the "
      "file again, or copy it whole.",
      path, offset, number, got));
}

void RecordReader::State::fail_length(uint32_t actual, uint32_t expected) const {
  throw DataError(fmt::format(
      "[RecordReader] {}: corrupted record at {}{} (record {}): the masked CRC of its length: got {:#010x}, "
      "expected {:#010x}. Check the file and its compression.",
      path, offset, offset == 0 ? " (Is this even a TFRecord file?)" : "", number, actual, expected));
}

RecordReader::RecordReader(const std::string& path, Compression compression)
    : state_(std::make_unique<State>(path, compression)) {}
RecordReader::RecordReader(RecordReader&&) noexcept = default;
RecordReader& RecordReader::operator=(RecordReader&&) noexcept = default;
RecordReader::~RecordReader() = default;

void RecordReader::open(const std::string& path, Compression compression) {
  state_->blocks.open(path, compression);
  state_->path = path;
  state_->offset = state_->number = 0;
}

bool RecordReader::next(Record& record) {
  State& s = *state_;
  if (s.blocks.unread() < kHeaderSize && !s.fill(kHeaderSize)) return s.at_end();
  const char* header = s.blocks.data();
  const auto length = load<uint64_t>(header);
  const uint32_t length_crc = masked_crc32c({header, 8}), expected = load<uint32_t>(header + 8);
  if (length_crc != expected) s.fail_length(length_crc, expected);
  const size_t unread = s.blocks.unread();
  if (unread - kHeaderSize < kFooterSize || length > unread - kHeaderSize - kFooterSize) {
    s.fetch(length);
    header = s.blocks.data();
  }
  record.data = {header + kHeaderSize, static_cast<size_t>(length)};
  record.masked_crc = load<uint32_t>(header + kHeaderSize + length);
  record.offset = s.offset;
  record.number = s.number++;
  record.owner = &s.blocks.owner();
  const size_t frame = kHeaderSize + length + kFooterSize;
  s.blocks.skip(frame);
  s.offset += static_cast<int64_t>(frame);
  return true;
}

bool RecordReader::read(std::string_view& data) {
  Record record;
  if (!next(record)) return false;
  check(record, state_->path);
  data = record.data;
  return true;
}

}  // namespace weft
