// ShuffleBuffer: new records are appended to a log; when it is full, the live ones move together.
#include <doctest/doctest.h>
#include <weft/core/random.h>
#include <weft/io/shuffle.h>

#include <cstring>
#include <set>
#include <string>

namespace weft {
namespace {

/// Stands in the log before a record's bytes.
struct Entry {
  size_t slot;
  FiledRecord record;
  size_t bytes() const { return sizeof(Entry) + record.record.data.size(); }
};

// The log is a row of bytes without alignment, so entries are copied in and out.
Entry load(const char* place) {
  Entry entry;
  std::memcpy(&entry, place, sizeof entry);
  return entry;
}

void set_slot(char* place, size_t slot) {
  std::memcpy(place + offsetof(Entry, slot), &slot, sizeof slot);
}

}  // namespace

void ShuffleBuffer::clear() {
  slots_.clear();
  log_.clear();
  hole_ = kNone;
  live_bytes_ = 0;
}

void ShuffleBuffer::add(const FiledRecord& record) {
  if (hole_ == kNone) hole_ = slots_.size(), slots_.push_back(kNone);
  const Entry entry{hole_, record};
  if (log_.size() + entry.bytes() > log_.capacity()) {
    compact();
    // A third of the log may be live at first, two thirds before it grows again: moving the live bytes stays rare.
    const size_t needed = live_bytes_ + entry.bytes();
    if (2 * log_.capacity() < 3 * needed) log_.reserve(3 * needed);
  }
  slots_[hole_] = log_.size();
  hole_ = kNone;
  live_bytes_ += entry.bytes();
  const char* bytes = reinterpret_cast<const char*>(&entry);
  log_.insert(log_.end(), bytes, bytes + sizeof entry);
  log_.insert(log_.end(), record.record.data.begin(), record.record.data.end());
}

FiledRecord ShuffleBuffer::take(size_t i) {
  if (hole_ != kNone) close_hole();
  const char* place = log_.data() + slots_[i];
  Entry entry = load(place);
  live_bytes_ -= entry.bytes();
  slots_[i] = kNone;
  hole_ = i;
  entry.record.record.data = {place + sizeof entry, entry.record.record.data.size()};
  entry.record.record.owner = nullptr;
  return entry.record;
}

/// Moves the last record to the hole: what the numbers of two records taken in a row need.
void ShuffleBuffer::close_hole() {
  if (hole_ + 1 != slots_.size()) {
    slots_[hole_] = slots_.back();
    set_slot(log_.data() + slots_[hole_], hole_);
  }
  slots_.pop_back();
  hole_ = kNone;
}

void ShuffleBuffer::prefetch(size_t i) const {
  if (i >= slots_.size() || slots_[i] == kNone) return;
  const char* place = log_.data() + slots_[i];
  for (size_t line = 0; line < 8; ++line) __builtin_prefetch(place + 64 * line);  // an entry and a short record
}

void ShuffleBuffer::compact() {
  size_t kept = 0;
  for (size_t read = 0; read < log_.size();) {
    const Entry entry = load(log_.data() + read);
    if (entry.slot < slots_.size() && slots_[entry.slot] == read) {
      slots_[entry.slot] = kept;
      std::memmove(log_.data() + kept, log_.data() + read, entry.bytes());
      kept += entry.bytes();
    }
    read += entry.bytes();
  }
  log_.resize(kept);
}

namespace {

FiledRecord record_of(std::string_view data, int64_t number) {
  return {.record = {.data = data, .masked_crc = 7, .offset = 16 * number, .number = number}, .file = 3};
}

}  // namespace

TEST_CASE("shuffle: every record comes out once, with its bytes, while others come in") {
  ShuffleBuffer buffer(10);
  const RandomStream random{.seed = 1, .stream = 2};
  const auto text = [](int64_t number) {
    return std::string(static_cast<size_t>(number % 37), 'a') + std::to_string(number);
  };
  std::set<int64_t> seen;
  int64_t added = 0;
  for (uint64_t draw = 0; seen.size() < 500;) {
    // None, one or two come in, so that records are also taken in a row, from a full and from an empty buffer.
    for (uint64_t n = random.below(draw++, 3); n > 0 && added < 500 && !buffer.full(); --n, ++added) {
      buffer.add(record_of(text(added), added));
    }
    if (buffer.size() == 0) continue;
    const FiledRecord taken = buffer.take(random.below(draw++, buffer.size()));
    CHECK(taken.record.data == text(taken.record.number));
    CHECK(taken.record.masked_crc == 7);
    CHECK(taken.record.offset == 16 * taken.record.number);
    CHECK(taken.file == 3);
    REQUIRE(seen.insert(taken.record.number).second);
  }
  CHECK(buffer.size() == 0);
}

TEST_CASE("shuffle: memory follows the bytes held, however many passed through") {
  ShuffleBuffer buffer(4);
  const std::string large(100000, 'x');
  for (int64_t i = 0; i < 1000; ++i) {
    if (buffer.full()) buffer.take(static_cast<size_t>(i % 4));
    buffer.add(record_of(large, i));
  }
  CHECK(buffer.memory() < 4 * 4 * large.size());
  buffer.clear();
  CHECK(buffer.size() == 0);
  buffer.add(record_of("", 0));
  CHECK(buffer.take(0).record.data.empty());
}

}  // namespace weft
