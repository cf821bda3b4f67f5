// Choice of the loop at run time.
#include <weft/core/kernels.h>
#include <weft/core/philox.h>
#include <weft/core/random.h>

#include <doctest/doctest.h>
#include <string_view>
#include <vector>

namespace weft::kernels {

namespace baseline {
extern const PhiloxFill kPhiloxFill;
}
#if defined(__x86_64__)
namespace avx2 {
extern const PhiloxFill kPhiloxFill;
}
namespace avx512 {
extern const PhiloxFill kPhiloxFill;
}
#endif

PhiloxFill philox_fill() {
#if defined(__x86_64__)
  const std::string_view set = best().instruction_set;
  if (set == "avx512") return avx512::kPhiloxFill;
  if (set == "avx2") return avx2::kPhiloxFill;
#endif
  return baseline::kPhiloxFill;
}

TEST_CASE("philox: many counters give what each gives, in every set, past 2^32 too") {
  for (const PhiloxFill fill : {philox_fill(), baseline::kPhiloxFill}) {
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

}  // namespace weft::kernels
