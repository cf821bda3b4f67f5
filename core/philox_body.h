// The loops' one source text. Each philox_<set>.cpp includes it once, in its own namespace; the compiler makes vectors
// of the loops over lanes and numbers.

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

/// Half the probability of a standard normal within two standard deviations.
constexpr double kHalfWithinTwo = 0.47724986805182079;

/// The normal quantile of 1/2 + q for |q| <= kHalfWithinTwo: P. J. Acklam's rational function for the central region
/// (2003), whose relative error there is about 1e-9. Without branches, so that loops of it become vector instructions.
inline double central_quantile(double q) {
  const double r = q * q;
  const double above =
      ((((-39.69683028665376 * r + 220.9460984245205) * r - 275.9285104469687) * r + 138.3577518672690) * r -
       30.66479806614716) *
          r +
      2.506628277459239;
  const double below =
      ((((-54.47609879822406 * r + 161.5858368580409) * r - 155.6989798598866) * r + 66.80131188771972) * r -
       13.28068155288572) *
          r +
      1.0;
  return q * above / below;
}

void truncated_normal(const uint32_t* bits, float* out, int64_t n) {
  for (int64_t i = 0; i < n; ++i) {
    const auto upper = static_cast<double>(static_cast<int32_t>(bits[i] >> 8));  // below 2^24: signed converts faster
    const double q = (upper + 0.5) * (0x1p-23 * kHalfWithinTwo) - kHalfWithinTwo;
    out[i] = static_cast<float>(central_quantile(q));
  }
}

}  // namespace

const Draws kDraws = {fill, truncated_normal};
