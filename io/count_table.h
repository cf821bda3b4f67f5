// CountTable: values and how often each was added.
#pragma once
#include <weft/core/prefetch.h>
#include <weft/io/hash.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <type_traits>
#include <vector>

namespace weft {

/// Keeps copies of words, end to end in pieces that grow, until it is destroyed.
class WordArena {
 public:
  std::string_view keep(std::string_view word) {
    if (word.size() > left_) grow(word.size());
    char* place = next_;
    if (!word.empty()) std::memcpy(place, word.data(), word.size());
    next_ += word.size();
    left_ -= word.size();
    return {place, word.size()};
  }
  int64_t keep(int64_t number) { return number; }

 private:
  void grow(size_t need) {
    constexpr size_t kFirst = size_t{1} << 12, kLargest = size_t{1} << 20;
    left_ = std::max(need, std::min(kLargest, kFirst << std::min<size_t>(pieces_.size(), 8)));
    pieces_.push_back(std::make_unique_for_overwrite<char[]>(left_));
    next_ = pieces_.back().get();
  }
  std::vector<std::unique_ptr<char[]>> pieces_;
  char* next_ = nullptr;
  size_t left_ = 0;
};

//   slot:  bit 63               31                0
//          +--------------------+-----------------+
//          | low half of hash   | entry's number  |    all zeros: empty; numbers start at 1
//          +--------------------+-----------------+

/// Open addressing; Value is std::string_view, whose bytes it copies, or int64_t. Takes 24 bytes or 16 a value and 8 a
/// slot, of which a half at most are full, and the words' bytes.
template <class Value>
class CountTable {
 public:
  struct Entry {
    Value value;
    int64_t count;
  };

  /// Three looks at many hashes in turn, before add(), let the waits for memory overlap: at the slot, at the entry that
  /// it most likely means, at that one's word.
  /// (core/prefetch.h says why they must not be calls.)
  [[gnu::always_inline]] void prefetch_slot(uint64_t hash) const {
    if (!slots_.empty()) prefetch(&slots_[hash & (slots_.size() - 1)]);
  }
  [[gnu::always_inline]] void prefetch_entry(uint64_t hash) const {
    if (const size_t number = likely(hash); number > 0) prefetch(&entries_[number - 1]);
  }
  [[gnu::always_inline]] void prefetch_word(uint64_t hash) const {
    if constexpr (std::is_same_v<Value, std::string_view>) {
      if (const size_t number = likely(hash); number > 0) prefetch(entries_[number - 1].value.data());
    }
  }
  /// Counts one more of the value whose quick_hash is `hash`.
  void add(Value value, uint64_t hash) {
    if (2 * (entries_.size() + 1) > slots_.size()) grow();
    const size_t mask = slots_.size() - 1;
    for (size_t i = hash & mask;; i = (i + 1) & mask) {
      const uint64_t slot = slots_[i];
      if (slot == 0) {
        entries_.push_back({arena_.keep(value), 1});
        slots_[i] = hash << 32 | entries_.size();
        return;
      }
      if (!fits(slot, hash)) continue;
      Entry& entry = entries_[(slot & UINT32_MAX) - 1];
      if (same(entry.value, value)) {
        ++entry.count;
        return;
      }
    }
  }
  const std::vector<Entry>& entries() const { return entries_; }

 private:
  static bool fits(uint64_t slot, uint64_t hash) { return (slot ^ hash << 32) <= UINT32_MAX; }
  static bool same(int64_t a, int64_t b) { return a == b; }
  static bool same(std::string_view a, std::string_view b) {
    return a.size() == b.size() && same_bytes(a.data(), b.data(), a.size());
  }
  /// The number of the first entry that has such a hash; 0 if there is none.
  size_t likely(uint64_t hash) const {
    if (slots_.empty()) return 0;
    const size_t mask = slots_.size() - 1;
    size_t i = hash & mask;
    while (slots_[i] != 0 && !fits(slots_[i], hash)) i = (i + 1) & mask;
    return slots_[i] & UINT32_MAX;
  }
  /// A slot says by itself where it belongs in a larger table.
  void grow() {
    std::vector<uint64_t> larger(std::max<size_t>(64, 2 * slots_.size()));
    const size_t mask = larger.size() - 1;
    for (const uint64_t slot : slots_) {
      if (slot == 0) continue;
      size_t i = (slot >> 32) & mask;
      while (larger[i] != 0) i = (i + 1) & mask;
      larger[i] = slot;
    }
    slots_ = std::move(larger);
  }

  std::vector<Entry> entries_;
  std::vector<uint64_t> slots_;  ///< a power of two, below 2^32
  WordArena arena_;
};

}  // namespace weft
