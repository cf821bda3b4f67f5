// Hashes of words: TensorFlow's fingerprint, and a quick hash for tables in memory.
#pragma once
#include <cstdint>
#include <cstring>
#include <string_view>

namespace weft {

/// farmhash Fingerprint64, as TensorFlow's string_to_hash_bucket_fast and its out-of-vocabulary buckets use it.
uint64_t fingerprint64(std::string_view bytes);
/// fingerprint64(bytes) mod buckets. Throws ValueError if buckets < 1.
int64_t hash_bucket(std::string_view bytes, int64_t buckets);
/// The same of an integer's decimal text.
int64_t hash_bucket(int64_t value, int64_t buckets);

namespace detail {

/// The two halves of a 128-bit product, folded: every bit of the factors reaches every bit of the result.
inline uint64_t folded_product(uint64_t a, uint64_t b) {
  const unsigned __int128 product = static_cast<unsigned __int128>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

/// At most 16 bytes as two numbers; with their count they say all of the bytes.
struct Ends {
  uint64_t first = 0;
  uint64_t last = 0;
  bool operator==(const Ends&) const = default;
};
inline Ends ends_of(const char* bytes, size_t count) {
  Ends ends;
  if (count >= 8) {
    std::memcpy(&ends.first, bytes, 8);
    std::memcpy(&ends.last, bytes + count - 8, 8);
  } else if (count >= 4) {
    std::memcpy(&ends.first, bytes, 4);
    std::memcpy(&ends.last, bytes + count - 4, 4);
  } else if (count > 0) {
    const auto byte = [&](size_t i) { return static_cast<uint64_t>(static_cast<unsigned char>(bytes[i])); };
    ends.first = byte(0) << 16 | byte(count / 2) << 8 | byte(count - 1);
  }
  return ends;
}

}  // namespace detail

namespace detail {

inline constexpr uint64_t kHashA = 0x9e3779b97f4a7c15, kHashB = 0xbf58476d1ce4e5b9, kHashC = 0x94d049bb133111eb;

/// Mixes the last bytes, at most 16, into the state.
inline uint64_t end_hash(uint64_t state, const char* bytes, size_t count) {
  const Ends ends = ends_of(bytes, count);
  return folded_product(folded_product(ends.first ^ kHashB, ends.last ^ state) ^ kHashA, state ^ kHashC);
}
[[gnu::noinline]] inline uint64_t long_hash(uint64_t state, const char* bytes, size_t count) {
  for (; count > 16; bytes += 16, count -= 16) {
    const Ends block = ends_of(bytes, 16);
    state = folded_product(block.first ^ kHashB, block.last ^ state);
  }
  return end_hash(state, bytes, count);
}

}  // namespace detail

/// For tables in memory only: the numbers mean nothing on a disk or to another program.
inline uint64_t quick_hash(std::string_view bytes) {
  const uint64_t state = bytes.size() * detail::kHashA ^ detail::kHashC;
  // Most words are short; for them nothing but this is inlined into a loop.
  if (bytes.size() > 16) return detail::long_hash(state, bytes.data(), bytes.size());
  return detail::end_hash(state, bytes.data(), bytes.size());
}
inline uint64_t quick_hash(int64_t number) {
  return detail::folded_product(static_cast<uint64_t>(number) ^ 0x9e3779b97f4a7c15, 0xbf58476d1ce4e5b9) *
         0x94d049bb133111eb;
}

/// Byte by byte equality of two runs of `count` bytes; quick for words.
inline bool same_bytes(const char* a, const char* b, size_t count) {
  return count <= 16 ? detail::ends_of(a, count) == detail::ends_of(b, count) : std::memcmp(a, b, count) == 0;
}

}  // namespace weft
