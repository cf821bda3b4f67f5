// RecordReader: large counted blocks of a file, records as views into them.
#include <weft/io/crc32c.h>
#include <weft/io/tfrecord.h>
#include <weft/io/tfrecord_source.h>

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <vector>

namespace weft {
namespace {

constexpr size_t kBlockSize = size_t{1} << 20;
constexpr size_t kHeaderSize = 12, kFooterSize = 4;

template <class T>
T load(const char* bytes) {  // the format and the machines that weft runs on are little-endian
  T value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

struct Block {
  std::shared_ptr<char[]> bytes;
  std::shared_ptr<const void> owner;  ///< the same, as records hand it out: 2 uses when no record holds it
  size_t capacity = 0;

  explicit Block(size_t size) : bytes(std::make_shared_for_overwrite<char[]>(size)), owner(bytes), capacity(size) {}
  bool idle() const {
    if (bytes.use_count() != 2) return false;
    std::atomic_thread_fence(std::memory_order_acquire);  // what the last holder read, it read before we write
    return true;
  }
};

}  // namespace

//   block:  [records handed out | unread | free]
//                               begin    end     capacity
// A record that does not fit into the rest of a block is moved to the start of the next one.
struct RecordReader::State {
  std::string path;
  RecordSource source;
  std::vector<std::unique_ptr<Block>> blocks;
  Block* block = nullptr;
  size_t begin = 0, end = 0;
  int64_t offset = 0;  ///< of begin, in the uncompressed stream
  int64_t number = 0;
  bool ended = false;

  State(const std::string& file, Compression compression) : path(file), source(file, compression) {}

  size_t unread() const { return end - begin; }
  bool fill(size_t need);
  size_t read(char* out, size_t size);
  void fetch(uint64_t length);
  void change_block(size_t need);
  Block* idle_block(size_t capacity);
  bool at_end();
  [[noreturn]] void fail_truncated(uint64_t got) const;
  [[noreturn]] void fail_length(uint32_t actual, uint32_t expected) const;
};

// True if `need` unread bytes are there. The block grows with what really arrives, so that a length that lies costs
// nothing.
bool RecordReader::State::fill(size_t need) {
  while (unread() < need && !ended) {
    if (block == nullptr || end == block->capacity) change_block(need);
    const size_t room = block->capacity - end;
    const size_t got = read(block->bytes.get() + end, room);
    end += got;
    ended = got < room;
  }
  return unread() >= need;
}

size_t RecordReader::State::read(char* out, size_t size) {
  try {
    return source.read(out, size);
  } catch (const InflateError& error) {
    throw DataError(fmt::format(
        "[RecordReader] {}: corrupted stream in or after the record at {} (record {}): {}. Check that the file is "
        "whole and compressed as the reader was told.",
        path, offset, number, error.what()));
  }
}

// Gets a whole frame. A plain file says at once that it is too short; a compressed one when it ends.
void RecordReader::State::fetch(uint64_t length) {
  const uint64_t there = unread() + source.left();
  if (there < kHeaderSize + kFooterSize || length > there - kHeaderSize - kFooterSize) fail_truncated(there);
  if (!fill(kHeaderSize + length + kFooterSize)) fail_truncated(unread());
}

void RecordReader::State::change_block(size_t need) {
  const size_t have = unread();
  Block* next = idle_block(std::max(kBlockSize, std::min(need, 2 * have + kBlockSize)));
  if (have > 0) std::memmove(next->bytes.get(), block->bytes.get() + begin, have);
  block = next;
  begin = 0;
  end = have;
}

Block* RecordReader::State::idle_block(size_t capacity) {
  for (auto& candidate : blocks)
    if (candidate->capacity >= capacity && candidate->idle()) return candidate.get();
  return blocks.emplace_back(std::make_unique<Block>(capacity)).get();
}

bool RecordReader::State::at_end() {
  if (source.cut_short()) fail_truncated(unread());
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
  State next(path, compression);
  next.blocks = std::move(state_->blocks);
  *state_ = std::move(next);
}

bool RecordReader::next(Record& record) {
  State& s = *state_;
  if (s.unread() < kHeaderSize && !s.fill(kHeaderSize)) return s.at_end();
  const char* header = s.block->bytes.get() + s.begin;
  const auto length = load<uint64_t>(header);
  const uint32_t length_crc = masked_crc32c({header, 8}), expected = load<uint32_t>(header + 8);
  if (length_crc != expected) s.fail_length(length_crc, expected);
  if (s.unread() - kHeaderSize < kFooterSize || length > s.unread() - kHeaderSize - kFooterSize) {
    s.fetch(length);
    header = s.block->bytes.get() + s.begin;
  }
  record.data = {header + kHeaderSize, static_cast<size_t>(length)};
  record.masked_crc = load<uint32_t>(header + kHeaderSize + length);
  record.offset = s.offset;
  record.number = s.number++;
  record.owner = &s.block->owner;
  const size_t frame = kHeaderSize + length + kFooterSize;
  s.begin += frame;
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
