// ShuffleBuffer: records waiting to be drawn at random, their bytes end to end in one piece of memory.
#pragma once
#include <weft/io/tfrecord.h>

#include <cstdint>
#include <string_view>
#include <vector>

namespace weft {

/// A record and the file it stands in; Record::owner is null for bytes that somebody else keeps.
struct FiledRecord {
  RecordReader::Record record;
  int32_t file = 0;
};

/// Holds copies of up to `capacity` records. Its memory follows the bytes it holds (three times at most), not the
/// blocks of the files that they came from.
class ShuffleBuffer {
 public:
  explicit ShuffleBuffer(int64_t capacity) : capacity_(static_cast<size_t>(capacity)) {}

  bool full() const { return size() >= capacity_; }
  size_t size() const { return slots_.size() - (hole_ == kNone ? 0 : 1); }
  void clear();
  void add(const FiledRecord& record);
  /// Takes record i < size() out. Its number goes to the next record added or, without one, to the last record. Its
  /// bytes are valid until the next add().
  FiledRecord take(size_t i);
  /// Starts to load record i, which will be taken soon.
  void prefetch(size_t i) const;
  /// Bytes of memory in use, for tests.
  size_t memory() const { return log_.capacity() + slots_.capacity() * sizeof(size_t); }

 private:
  static constexpr size_t kNone = SIZE_MAX;
  void close_hole();
  void compact();

  size_t capacity_;
  std::vector<size_t> slots_;  ///< where each record starts in log_; kNone at the hole
  size_t hole_ = kNone;        ///< the slot of the record taken last
  std::vector<char> log_;      ///< an Entry and the record's bytes, again and again; dead where no slot points to it
  size_t live_bytes_ = 0;
};

}  // namespace weft
