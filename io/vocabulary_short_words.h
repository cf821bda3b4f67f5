// ShortWordTable: words of a few bytes and their ids, side by side in open addressing.
#pragma once
#include <weft/core/buffer.h>
#include <weft/core/prefetch.h>
#include <weft/io/hash.h>

#include <cstdint>
#include <cstring>
#include <string_view>

namespace weft {

//            first (64 bits)      rest:  63        36 35   32 31            0
//   +----------------------------------+------------+-------+----------------+
//   | first 8 bytes of the word        | id + 1     | bytes | last 4 bytes   |    an entry; all zeros: empty
//   +----------------------------------+------------+-------+----------------+
//
// A look-up waits for memory once: the entry is the word. Four entries share a cache line, and half of them are full.

/// Finds words of up to kMost bytes, of which there are fewer than kMostWords.
class ShortWordTable {
 public:
  static constexpr size_t kMost = 12;
  static constexpr int64_t kMostWords = (int64_t{1} << 28) - 1;

  /// A word of up to kMost bytes, said by three numbers, and its hash.
  struct Key {
    uint64_t first, rest, hash;

    static Key of(std::string_view word) {
      const char* bytes = word.data();
      const size_t count = word.size();
      uint64_t first = 0;
      uint32_t last = 0;
      if (count >= 8) {
        std::memcpy(&first, bytes, 8);
        std::memcpy(&last, bytes + count - 4, 4);
      } else if (count >= 4) {
        uint32_t start, end;
        std::memcpy(&start, bytes, 4);
        std::memcpy(&end, bytes + count - 4, 4);
        first = uint64_t{end} << 32 | start;
      } else {
        first = detail::ends_of(bytes, count).first;
      }
      const uint64_t rest = uint64_t{count} << 32 | last;
      return {first, rest, detail::folded_product(first ^ detail::kHashA, rest ^ detail::kHashB)};
    }
    /// A key that no word has.
    static Key none() { return {0, kKeyMask, 0}; }
  };

  ShortWordTable() = default;
  explicit ShortWordTable(int64_t words)
      : capacity_(static_cast<uint64_t>(2 * words + 4)),
        buffer_(Buffer::zeros(capacity_ * sizeof(Entry))),
        entries_(buffer_.as<Entry>()) {}

  [[gnu::always_inline]] void prefetch(const Key& key) const { weft::prefetch(entries_ + home(key)); }
  /// The word's id, or -1.
  int64_t find(const Key& key) const { return static_cast<int64_t>(locate(key).rest >> kIdShift) - 1; }
  /// Puts the word unless it is there already; then gives its id, else -1.
  int64_t insert(const Key& key, int64_t id) {
    Entry& entry = const_cast<Entry&>(locate(key));
    if (entry.rest != 0) return static_cast<int64_t>(entry.rest >> kIdShift) - 1;
    entry = {key.first, key.rest | static_cast<uint64_t>(id + 1) << kIdShift};
    return -1;
  }

 private:
  struct Entry {
    uint64_t first, rest;
  };
  static constexpr int kIdShift = 36;
  static constexpr uint64_t kKeyMask = (uint64_t{1} << kIdShift) - 1;

  uint64_t home(const Key& key) const {
    return static_cast<uint64_t>(static_cast<unsigned __int128>(key.hash) * capacity_ >> 64);
  }
  /// The word's entry, or the empty one where it would be.
  const Entry& locate(const Key& key) const {
    for (const Entry* entry = entries_ + home(key);; entry = entry + 1 == entries_ + capacity_ ? entries_ : entry + 1) {
      if (((entry->first ^ key.first) | ((entry->rest ^ key.rest) & kKeyMask)) == 0 || entry->rest == 0) return *entry;
    }
  }

  uint64_t capacity_ = 0;
  Buffer buffer_;
  Entry* entries_ = nullptr;
};

}  // namespace weft
