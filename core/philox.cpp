// Choice of the loop at run time.
#include <weft/core/kernels.h>
#include <weft/core/philox.h>
#include <weft/core/random.h>

#include <doctest/doctest.h>
#include <string_view>
#include <vector>

namespace weft::kernels {

namespace baseline {
extern const Draws kDraws;
}
#if defined(__x86_64__)
namespace avx2 {
extern const Draws kDraws;
}
namespace avx512 {
extern const Draws kDraws;
}
#endif

const Draws& draws() {
#if defined(__x86_64__)
  const std::string_view set = best().instruction_set;
  if (set == "avx512") return avx512::kDraws;
  if (set == "avx2") return avx2::kDraws;
#endif
  return baseline::kDraws;
}

TEST_CASE("philox: many counters give what each gives, in every set, past 2^32 too") {
  for (const PhiloxFill fill : {draws().philox, baseline::kDraws.philox}) {
    for (const uint64_t first : {uint64_t{0}, uint64_t{0xfffffff0}, ~uint64_t{0} - 5}) {
      for (const int64_t blocks : {0, 1, 31, 32, 77}) {
        std::vector<uint32_t> out(4 * static_cast<size_t>(blocks) + 1, 7);
        fill(first, 0x123456789abcdef0, 0x0fedcba987654321, out.data(), blocks);
        for (size_t i = 0; i < static_cast<size_t>(blocks); ++i) {
          const auto want = philox(first + i, 0x123456789abcdef0, 0x0fedcba987654321);
          for (size_t word = 0; word < 4; ++word) CHECK(out[4 * i + word] == want[word]);
        }
        CHECK(out.back() == 7);
      }
    }
  }
}

TEST_CASE("philox: truncated normals are the same in every set, and symmetric") {
  std::vector<uint32_t> bits;
  for (uint64_t x = 0; x < (uint64_t{1} << 32); x += 1048573) bits.push_back(static_cast<uint32_t>(x));
  for (const uint32_t x : {0u, ~0u, 0x7fffffffu, 0x80000000u}) bits.push_back(x);
  std::vector<float> best_set(bits.size()), plain(bits.size());
  draws().truncated_normal(bits.data(), best_set.data(), std::ssize(bits));
  baseline::kDraws.truncated_normal(bits.data(), plain.data(), std::ssize(bits));
  CHECK(best_set == plain);
  const size_t n = plain.size();
  CHECK(plain[n - 4] == -plain[n - 3]);
  CHECK(plain[n - 3] == doctest::Approx(2).epsilon(1e-6));
  CHECK(plain[n - 2] == -plain[n - 1]);
  // The quartile of this distribution: the standard normal's quantile of 1/2 + 0.47724986805182079 / 2.
  const uint32_t quartile = 0xC0000000u;
  float x = 0;
  draws().truncated_normal(&quartile, &x, 1);
  CHECK(x == doctest::Approx(0.6390).epsilon(1e-3));
}

}  // namespace weft::kernels
