// SlotTable: hash to payload, open addressing with 8 bytes an entry.
#pragma once
#include <weft/core/buffer.h>
#include <weft/core/prefetch.h>

#include <algorithm>
#include <cstdint>

namespace weft {

//   bit 63                    payload_bits        0
//   +---------------------------+-----------------+
//   | tag: low bits of the hash | payload, not 0  |      an entry; all zeros: empty
//   +---------------------------+-----------------+
//
// The high bits of the hash choose the first slot, the next free one is taken. The tag settles most comparisons without
// a look at the word itself. Eight entries share a cache line, and two thirds of the slots are full.

/// Maps hashes to numbers of `payload_bits` bits; whoever uses it compares the words.
class SlotTable {
 public:
  SlotTable() = default;
  SlotTable(int64_t entries, int payload_bits)
      : capacity_(static_cast<uint64_t>(entries + entries / 2 + 8)),
        payload_bits_(payload_bits),
        buffer_(Buffer::zeros(capacity_ * sizeof(uint64_t))),
        slots_(buffer_.as<uint64_t>()) {}

  [[gnu::always_inline]] void prefetch(uint64_t hash) const { weft::prefetch(slots_ + home(hash)); }

  /// The payload of the first entry whose tag fits and for which same(payload) holds; 0 if there is none.
  template <class Same>
  uint64_t find(uint64_t hash, Same&& same) const {
    return slots_[locate(hash, same)] & payload_mask();
  }
  /// The payload of the first entry whose tag fits, or 0: what find() will most likely compare.
  uint64_t likely(uint64_t hash) const {
    return find(hash, [](uint64_t) { return true; });
  }
  /// Puts an entry unless there is one already; then gives that one's payload, else 0.
  template <class Same>
  uint64_t insert(uint64_t hash, uint64_t payload, Same&& same) {
    uint64_t& entry = slots_[locate(hash, same)];
    if (entry != 0) return entry & payload_mask();
    entry = tag(hash) | payload;
    return 0;
  }

 private:
  uint64_t home(uint64_t hash) const {
    return static_cast<uint64_t>(static_cast<unsigned __int128>(hash) * capacity_ >> 64);
  }
  uint64_t tag(uint64_t hash) const { return hash << payload_bits_; }
  uint64_t payload_mask() const { return (uint64_t{1} << payload_bits_) - 1; }

  template <class Same>
  uint64_t locate(uint64_t hash, Same&& same) const {
    const uint64_t mask = payload_mask(), wanted = tag(hash);
    for (uint64_t i = home(hash);; i = i + 1 == capacity_ ? 0 : i + 1) {
      const uint64_t entry = slots_[i];
      if (entry == 0 || ((entry ^ wanted) <= mask && same(entry & mask))) return i;
    }
  }

  uint64_t capacity_ = 0;
  int payload_bits_ = 0;  ///< < 64
  Buffer buffer_;
  uint64_t* slots_ = nullptr;
};

}  // namespace weft
