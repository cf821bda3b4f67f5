// Value lists of a tf.train.Example: where most of a parser's time goes.
#include <weft/io/example_lists.h>

#include <doctest/doctest.h>

#include <array>
#include <bit>
#include <random>
#include <string>
#include <vector>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace weft::wire {
namespace {

constexpr uint64_t kContinue = 0x8080808080808080;  // the bit of each byte that says "more follows"

// Squeezes the 7-bit groups of up to eight bytes into one number: 8 x 7 -> 4 x 14 -> 2 x 28 -> 56 bits.
inline uint64_t squeeze(uint64_t groups) {
  groups = (groups & 0x007f007f007f007f) | (groups & 0x7f007f007f007f00) >> 1;
  groups = (groups & 0x00003fff00003fff) | (groups & 0x3fff00003fff0000) >> 2;
  return (groups & 0x000000000fffffff) | (groups & 0x0fffffff00000000) >> 4;
}

// Eight bytes at once. `ends` marks the last byte of each varint in `word`; ends ^ (ends - 1) covers the first varint.
inline bool decode_word(Bytes& in, int64_t*& out) {
  const auto word = load<uint64_t>(in.at);
  const uint64_t ends = ~word & kContinue, later = ends & (ends - 1);
  if (ends == kContinue) {
    for (int i = 0; i < 8; ++i) out[i] = static_cast<uint8_t>(in.at[i]);
    out += 8;
    in.at += 8;
  } else if (later != 0) {  // two whole varints: without a branch on their lengths, which can't be foreseen
    const uint64_t first = ends ^ (ends - 1), both = later ^ (later - 1);
    const int first_bits = std::countr_zero(ends) + 1;
    *out++ = static_cast<int64_t>(squeeze(word & first));
    *out++ = static_cast<int64_t>(squeeze((word & both) >> first_bits));
    in.at += std::countr_zero(later) / 8 + 1;
  } else if (ends != 0) {
    const uint64_t first = ends ^ (ends - 1);
    *out++ = static_cast<int64_t>(squeeze(word & first));
    in.at += std::countr_zero(ends) / 8 + 1;
  } else {
    uint64_t value;
    if (!read_long_varint(in, value)) return false;
    *out++ = static_cast<int64_t>(value);
  }
  return true;
}

#if defined(__x86_64__)

// Three varints of up to four bytes each, and where they are in twelve bytes.
struct Cut {
  alignas(16) std::array<uint8_t, 16> places;  // of the bytes of three numbers of four; 128: none
  size_t bytes;                                // of the three together; 0 if they are no such varints
};

// By the bits "more follows" of twelve bytes. Where none follows to any, there are better ways.
constexpr std::array<Cut, 4096> kCuts = [] {
  std::array<Cut, 4096> cuts{};
  for (unsigned more = 1; more < 4096; ++more) {
    Cut& cut = cuts[more];
    cut.places.fill(128);
    unsigned at = 0, first = 0, number = 0;
    for (; number < 3 && at < 12 && at - first < 4; ++at) {
      cut.places[4 * number + at - first] = static_cast<uint8_t>(at);
      if ((more >> at & 1) == 0) {
        ++number;
        first = at + 1;
      }
    }
    cut.bytes = number == 3 ? at : 0;
  }
  return cuts;
}();

// Decodes while the next three varints have up to four bytes, and 16 bytes are left. Writes a number more than it
// counts.
[[gnu::target("sse4.1")]] int64_t* decode_threes(Bytes& in, int64_t* out) {
  const __m128i all = _mm_set1_epi8(127), pairs = _mm_set1_epi16(1 | 128 << 8), fours = _mm_set1_epi32(1 | 16384 << 16);
  while (in.size() >= 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(in.at));
    const Cut& cut = kCuts[static_cast<unsigned>(_mm_movemask_epi8(bytes)) & 4095];
    if (cut.bytes == 0) break;
    const __m128i places = _mm_load_si128(reinterpret_cast<const __m128i*>(cut.places.data()));
    const __m128i groups = _mm_and_si128(_mm_shuffle_epi8(bytes, places), all);
    const __m128i numbers = _mm_madd_epi16(_mm_maddubs_epi16(pairs, groups), fours);  // 4 x 7 -> 2 x 14 -> 28 bits
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out), _mm_cvtepu32_epi64(numbers));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + 2), _mm_cvtepu32_epi64(_mm_srli_si128(numbers, 8)));
    out += 3;
    in.at += cut.bytes;
  }
  return out;
}

bool has_threes() {
  static const bool has = (__builtin_cpu_init(), __builtin_cpu_supports("sse4.1") != 0);
  return has;
}

#else

int64_t* decode_threes(Bytes&, int64_t* out) {
  return out;
}
bool has_threes() {
  return false;
}

#endif

// Ids are often equally long. If the first one's length divides the list, take it as everybody's: no load then waits
// for the length before it, and the check is one comparison a string. Returns 0 if they were not.
inline int64_t decode_equal_strings(Bytes in, std::string_view* out) {
  const size_t length = static_cast<uint8_t>(in.at[1]), stride = length + 2;
  if (length > 127 || in.size() % stride != 0) return 0;
  const auto head = load<uint16_t>(in.at);
  const auto count = static_cast<int64_t>(in.size() / stride);
  unsigned different = 0;
  const char* at = in.at;
  for (int64_t i = 0; i < count; ++i, at += stride) {
    different |= load<uint16_t>(at) ^ head;
    out[i] = {at + 2, length};
  }
  return different == 0 ? count : 0;
}

}  // namespace

int64_t decode_varints(Bytes in, int64_t* out) {
  int64_t* const first = out;
  const bool threes = has_threes();
  while (in.size() >= 8) {
    if (threes) out = decode_threes(in, out);
    if (in.size() >= 8 && !decode_word(in, out)) return -1;
  }
  while (!in.empty()) {
    uint64_t value;
    if (!read_varint(in, value)) return -1;
    *out++ = static_cast<int64_t>(value);
  }
  return out - first;
}

int64_t decode_floats(Bytes in, float* out) {
  if (in.size() % sizeof(float) != 0) return -1;
  if (!in.empty()) std::memcpy(out, in.at, in.size());
  return static_cast<int64_t>(in.size() / sizeof(float));
}

int64_t decode_strings(Bytes in, std::string_view* out) {
  constexpr char kValue = tag(1, kDelimited);
  if (in.size() >= 2 && *in.at == kValue)
    if (const int64_t count = decode_equal_strings(in, out)) return count;
  std::string_view* const first = out;
  while (!in.empty()) {
    Bytes value;
    if (*in.at++ != kValue || !read_delimited(in, value)) return -1;
    *out++ = {value.at, value.size()};
  }
  return out - first;
}

namespace {

[[maybe_unused]] std::string varint(uint64_t value) {
  std::string out;
  for (; value > 127; value >>= 7) out += static_cast<char>(value | 128);
  return out + static_cast<char>(value);
}

[[maybe_unused]] std::vector<int64_t> integers_of(std::string_view packed) {
  std::vector<int64_t> out(packed.size() + 1, 77);
  const int64_t count = decode_varints(Bytes(packed), out.data());
  CHECK(out.back() == 77);
  if (count < 0) return {-1, -1, -1};
  out.resize(static_cast<size_t>(count));
  return out;
}

}  // namespace

TEST_CASE("example_lists: varints of every length, at every place") {
  CHECK(integers_of("").empty());
  CHECK(integers_of("\x05\xac\x02") == std::vector<int64_t>{5, 300});
  CHECK(integers_of(std::string(9, '\xff') + "\x01") == std::vector<int64_t>{-1});
  std::mt19937_64 random(1);
  for (int round = 0; round < 2000; ++round) {
    std::vector<int64_t> values;
    std::string packed;
    const int most_bits = 1 + static_cast<int>(random() % 64);
    for (uint64_t left = random() % 40; left > 0; --left) {
      const uint64_t value = random() >> (64 - 1 - random() % static_cast<uint64_t>(most_bits));
      values.push_back(static_cast<int64_t>(value));
      packed += varint(value);
    }
    REQUIRE(integers_of(packed) == values);
    if (!packed.empty()) REQUIRE(integers_of(packed + "\x80") == std::vector<int64_t>{-1, -1, -1});
  }
}

TEST_CASE("example_lists: a varint may have 10 bytes, not 11, and must end") {
  CHECK(integers_of(std::string(9, '\xff') + "\x7f") == std::vector<int64_t>{-1});
  CHECK(integers_of(std::string(10, '\xff') + "\x01").size() == 3);
  CHECK(integers_of(std::string(20, '\x80')).size() == 3);
  CHECK(integers_of(std::string_view("\x01\x80\x00", 3)) ==
        std::vector<int64_t>{1, 0});  // longer than needed, as protobuf takes it
}

TEST_CASE("example_lists: floats come in fours of bytes") {
  float out[2] = {};
  const float values[2] = {1.5f, -2.0f};
  const std::string_view bytes(reinterpret_cast<const char*>(values), sizeof values);
  CHECK(decode_floats(Bytes(bytes), out) == 2);
  CHECK(out[1] == -2.0f);
  CHECK(decode_floats(Bytes(bytes.substr(0, 7)), out) == -1);
  CHECK(decode_floats(Bytes(), out) == 0);
}

TEST_CASE("example_lists: strings of equal and of different lengths, empty and long") {
  std::mt19937 random(2);
  for (int round = 0; round < 2000; ++round) {
    std::vector<std::string> values;
    std::string list;
    const size_t length = random() % (round % 9 == 0 ? 300 : 9);
    for (size_t left = random() % 12; left > 0; --left) {
      values.emplace_back(round % 2 == 0 ? length : random() % (length + 1), static_cast<char>('a' + left));
      list += '\x0a' + varint(values.back().size()) + values.back();
    }
    std::vector<std::string_view> out(list.size() / 2 + 1, "guard");
    REQUIRE(decode_strings(Bytes(list), out.data()) == static_cast<int64_t>(values.size()));
    CHECK(out.back() == "guard");
    for (size_t i = 0; i < values.size(); ++i) REQUIRE(out[i] == values[i]);
    if (list.empty()) continue;
    // Every cut but those between two strings is found.
    size_t whole = 0;
    for (size_t cut = 0, next = 0, i = 0; cut < list.size(); ++cut) {
      if (cut == next) {
        ++whole;
        next += 1 + varint(values[i].size()).size() + values[i].size();
        ++i;
      } else {
        REQUIRE(decode_strings(Bytes(std::string_view(list).substr(0, cut)), out.data()) == -1);
      }
    }
    CHECK(whole == values.size());
  }
}

}  // namespace weft::wire
