// CRC-32C by ISA-L, and by the processor's own instruction for the few bytes of a record's length.
#include <weft/io/crc32c.h>

#include <doctest/doctest.h>
#include <isa-l/crc.h>

#include <algorithm>
#include <cstring>
#include <string>
#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace weft {
namespace {

// ISA-L takes the running value as it is: the inversions before and after, which the standard asks for, are the
// caller's.
uint32_t long_crc(std::string_view bytes, uint32_t before = 0) {
  constexpr size_t kStep = size_t{1} << 30;  // ISA-L's length is an int
  uint32_t crc = ~before;
  while (!bytes.empty()) {
    const size_t step = std::min(bytes.size(), kStep);
    auto* data = reinterpret_cast<unsigned char*>(const_cast<char*>(bytes.data()));  // it only reads
    crc = crc32_iscsi(data, static_cast<int>(step), crc);
    bytes.remove_prefix(step);
  }
  return ~crc;
}

#if defined(__x86_64__)
// A call of ISA-L costs more than the whole work on a short text.
__attribute__((target("sse4.2"))) uint32_t short_crc(std::string_view bytes) {
  uint64_t crc = 0xffffffffu;
  const char* p = bytes.data();
  size_t left = bytes.size();
  for (; left >= 8; p += 8, left -= 8) {
    uint64_t word;
    std::memcpy(&word, p, 8);
    crc = _mm_crc32_u64(crc, word);
  }
  auto low = static_cast<uint32_t>(crc);
  for (; left > 0; ++p, --left) low = _mm_crc32_u8(low, static_cast<uint8_t>(*p));
  return ~low;
}
#endif

}  // namespace

uint32_t crc32c(std::string_view bytes) {
#if defined(__x86_64__)
  if (bytes.size() < 64 && __builtin_cpu_supports("sse4.2")) return short_crc(bytes);
#endif
  return long_crc(bytes);
}

uint32_t extend_crc32c(uint32_t crc, std::string_view bytes) {
  return long_crc(bytes, crc);
}

TEST_CASE("crc32c: published vectors") {
  CHECK(crc32c("") == 0);
  CHECK(crc32c("123456789") == 0xe3069283u);
  CHECK(extend_crc32c(crc32c("1234"), "56789") == 0xe3069283u);
  CHECK(extend_crc32c(0, "123456789") == 0xe3069283u);
  // RFC 3720, B.4.
  CHECK(crc32c(std::string(32, '\0')) == 0x8a9136aau);
  CHECK(crc32c(std::string(32, '\xff')) == 0x62a8ab43u);
  std::string rising, falling;
  for (int i = 0; i < 32; ++i) {
    rising += static_cast<char>(i);
    falling += static_cast<char>(31 - i);
  }
  CHECK(crc32c(rising) == 0x46dd794eu);
  CHECK(crc32c(falling) == 0x113fdb5cu);
}

TEST_CASE("crc32c: masked as TensorFlow stores it") {
  CHECK(masked_crc32c("") == 2726488792u);
  CHECK(masked_crc32c("a") == 686059128u);
  CHECK(masked_crc32c("123456789") == 3347755237u);
}

TEST_CASE("crc32c: every length agrees with the definition") {
  std::string bytes;
  for (int i = 0; i < 300; ++i) bytes += static_cast<char>(i * 37 + i / 7);
  uint32_t running = 0xffffffffu;  // the CRC of the first `length` bytes, bit by bit
  for (size_t length = 0; length < bytes.size(); ++length) {
    REQUIRE(crc32c(std::string_view(bytes).substr(0, length)) == ~running);
    running ^= static_cast<uint8_t>(bytes[length]);
    for (int bit = 0; bit < 8; ++bit) running = running >> 1 ^ (running & 1 ? 0x82f63b78u : 0);
  }
}

}  // namespace weft
