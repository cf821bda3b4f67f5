// The loop's one source text. Each philox_<set>.cpp includes it once, in its own namespace; the compiler makes vectors
// of the loops over lanes.

namespace {

/// Counters that are worked on at once, each part of them side by side.
constexpr int64_t kLanes = 32;
struct Lanes {
  uint32_t word[4][kLanes];
};

inline uint32_t high_of_product(uint32_t a, uint32_t b) {
  return static_cast<uint32_t>((static_cast<uint64_t>(a) * b) >> 32);
}

inline void rounds(Lanes& c, uint64_t key) {
  auto k0 = static_cast<uint32_t>(key), k1 = static_cast<uint32_t>(key >> 32);
  for (int round = 0; round < 10; ++round) {
    for (int64_t i = 0; i < kLanes; ++i) {
      const uint32_t a = c.word[0][i], b = c.word[2][i];
      c.word[0][i] = high_of_product(0xCD9E8D57, b) ^ c.word[1][i] ^ k0;
      c.word[2][i] = high_of_product(0xD2511F53, a) ^ c.word[3][i] ^ k1;
      c.word[1][i] = 0xCD9E8D57 * b;
      c.word[3][i] = 0xD2511F53 * a;
    }
    k0 += 0x9E3779B9;
    k1 += 0xBB67AE85;
  }
}

void fill(uint64_t first, uint64_t high, uint64_t key, uint32_t* out, int64_t blocks) {
  for (int64_t done = 0; done < blocks; done += kLanes) {
    Lanes c;
    for (int64_t i = 0; i < kLanes; ++i) {
      const uint64_t low = first + static_cast<uint64_t>(done + i);
      c.word[0][i] = static_cast<uint32_t>(low);
      c.word[1][i] = static_cast<uint32_t>(low >> 32);
      c.word[2][i] = static_cast<uint32_t>(high);
      c.word[3][i] = static_cast<uint32_t>(high >> 32);
    }
    rounds(c, key);
    const int64_t count = blocks - done < kLanes ? blocks - done : kLanes;
    for (int64_t i = 0; i < count; ++i) {
      for (int word = 0; word < 4; ++word) out[4 * (done + i) + word] = c.word[word][i];
    }
  }
}

}  // namespace

const PhiloxFill kPhiloxFill = fill;
