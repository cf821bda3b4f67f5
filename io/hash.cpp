// Fingerprints with farmhash.
#include <farmhash.h>
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/io/hash.h>

#include <doctest/doctest.h>
#include <charconv>
#include <limits>
#include <set>
#include <string>

namespace weft {

uint64_t fingerprint64(std::string_view bytes) {
  return util::Fingerprint64(bytes.data(), bytes.size());
}

int64_t hash_bucket(std::string_view bytes, int64_t buckets) {
  if (buckets < 1) throw ValueError(fmt::format("[hash_bucket] buckets: got {}, expected 1 or more.", buckets));
  return static_cast<int64_t>(fingerprint64(bytes) % static_cast<uint64_t>(buckets));
}

int64_t hash_bucket(int64_t value, int64_t buckets) {
  char text[24];
  const auto end = std::to_chars(text, text + sizeof(text), value).ptr;
  return hash_bucket(std::string_view(text, static_cast<size_t>(end - text)), buckets);
}

TEST_CASE("hash: fingerprints of tf.fingerprint (farmhash64)") {
  CHECK(fingerprint64("") == 0x9ae16a3b2f90404f);
  CHECK(fingerprint64("N") == 0x39e427f7541c861a);
  CHECK(fingerprint64("ZB") == 0xe254d939400369cf);
  CHECK(fingerprint64("E@,") == 0xb0544ca9692c4508);
  CHECK(fingerprint64("1&(\\") == 0x3590e668fbe73c4a);
  CHECK(fingerprint64("MzNXODk") == 0x6907904335612b05);
  CHECK(fingerprint64("3Yam$9cb") == 0x4cb5744b0c85fc16);
  CHECK(fingerprint64("<~E&&l=dpZ5") == 0xdff7b60d78e1291a);
}

TEST_CASE("hash: fingerprints of long strings of any bytes") {
  // Byte i is (7 i + length) mod 256: every branch of the function by length.
  const auto fingerprint = [](size_t length) {
    std::string bytes(length, '\0');
    for (size_t i = 0; i < length; ++i) bytes[i] = static_cast<char>(7 * i + length);
    return fingerprint64(bytes);
  };
  CHECK(fingerprint(16) == 0x8935c33c50c919d8);
  CHECK(fingerprint(17) == 0xeb5e445e8ed8468f);
  CHECK(fingerprint(32) == 0x37679234ee53fb79);
  CHECK(fingerprint(33) == 0xace067ceef8b7acd);
  CHECK(fingerprint(64) == 0x99cef40b2c6f98ec);
  CHECK(fingerprint(65) == 0x62c410b763bef3d);
  CHECK(fingerprint(200) == 0x2cf7f5990a1b14f);
  CHECK(fingerprint(1000) == 0xc3d452cfc7712240);
}

TEST_CASE("hash: integers are hashed as their decimal text") {
  // tf.strings.to_hash_bucket_fast(tf.strings.as_string(x), 1000003)
  CHECK(hash_bucket(int64_t{0}, 1000003) == 537292);
  CHECK(hash_bucket(int64_t{-1}, 1000003) == 285648);
  CHECK(hash_bucket(int64_t{123456789}, 1000003) == 924877);
  CHECK(hash_bucket(std::numeric_limits<int64_t>::max(), 1000003) == 121738);
  CHECK(hash_bucket(std::numeric_limits<int64_t>::min(), 1000003) == 400334);
  CHECK(hash_bucket(int64_t{42}, 10) == hash_bucket("42", 10));
}

TEST_CASE("hash: buckets below one are refused") {
  CHECK_THROWS_AS(hash_bucket("ant", 0), ValueError);
  CHECK_THROWS_AS(hash_bucket(int64_t{1}, -3), ValueError);
}

TEST_CASE("hash: the quick hash tells words apart by every byte and by length") {
  std::set<uint64_t> seen;
  size_t words = 0;
  for (size_t length = 0; length < 40; ++length) {
    seen.insert(quick_hash(std::string(length, '\0')));
    ++words;
    for (size_t i = 0; i < length; ++i) {
      std::string word(length, '\0');
      word[i] = 1;
      seen.insert(quick_hash(word));
      ++words;
    }
  }
  CHECK(seen.size() == words);
}

TEST_CASE("hash: same_bytes sees every byte") {
  for (size_t length = 1; length < 40; ++length) {
    const std::string a(length, 'a');
    CHECK(same_bytes(a.data(), std::string(a).data(), length));
    for (size_t i = 0; i < length; ++i) {
      std::string b = a;
      b[i] = 'b';
      CHECK_FALSE(same_bytes(a.data(), b.data(), length));
    }
  }
}

}  // namespace weft
