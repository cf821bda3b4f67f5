// Philox and what is drawn from it.
#include <weft/core/philox.h>
#include <weft/core/random.h>

#include <doctest/doctest.h>
#include <algorithm>
#include <cmath>
#include <vector>

namespace weft {
namespace {

constexpr float kSqrt2 = 1.41421356f;

/// Uniform in (-1, 1), symmetric, never an end.
float symmetric(uint32_t bits) {
  return (static_cast<float>(bits >> 9) + 0.5f) * 0x1p-22f - 1.0f;
}

/// Inverse error function (M. Giles, "Approximating the erfinv function", GPU Computing Gems, 2011).
float inverse_erf(float x) {
  float w = -std::log((1.0f - x) * (1.0f + x));
  float p;
  if (w < 5.0f) {
    w -= 2.5f;
    p = 2.81022636e-08f;
    for (const float c : {3.43273939e-07f, -3.5233877e-06f, -4.39150654e-06f, 0.00021858087f, -0.00125372503f,
                          -0.00417768164f, 0.246640727f, 1.50140941f}) {
      p = c + p * w;
    }
  } else {
    w = std::sqrt(w) - 3.0f;
    p = -0.000200214257f;
    for (const float c : {0.000100950558f, 0.00134934322f, -0.00367342844f, 0.00573950773f, -0.0076224613f,
                          0.00943887047f, 1.00167406f, 2.83297682f}) {
      p = c + p * w;
    }
  }
  return p * x;
}

}  // namespace

std::array<uint32_t, 4> philox(uint64_t counter_low, uint64_t counter_high, uint64_t key) {
  auto c0 = static_cast<uint32_t>(counter_low), c1 = static_cast<uint32_t>(counter_low >> 32);
  auto c2 = static_cast<uint32_t>(counter_high), c3 = static_cast<uint32_t>(counter_high >> 32);
  auto k0 = static_cast<uint32_t>(key), k1 = static_cast<uint32_t>(key >> 32);
  for (int round = 0; round < 10; ++round) {
    const uint64_t a = uint64_t{0xD2511F53} * c0, b = uint64_t{0xCD9E8D57} * c2;
    c0 = static_cast<uint32_t>(b >> 32) ^ c1 ^ k0;
    c1 = static_cast<uint32_t>(b);
    c2 = static_cast<uint32_t>(a >> 32) ^ c3 ^ k1;
    c3 = static_cast<uint32_t>(a);
    k0 += 0x9E3779B9;
    k1 += 0xBB67AE85;
  }
  return {c0, c1, c2, c3};
}

uint32_t RandomStream::bits(uint64_t index) const {
  return philox(index >> 2, stream, seed)[index & 3];
}

uint64_t RandomStream::bits64(uint64_t index) const {
  const auto four = philox(index >> 1, stream, seed ^ 0x6A09E667F3BCC908);
  const size_t half = 2 * (index & 1);
  return uint64_t{four[half]} << 32 | four[half + 1];
}

float RandomStream::uniform(uint64_t index) const {
  return static_cast<float>(bits(index) >> 8) * 0x1p-24f;
}

uint64_t RandomStream::below(uint64_t index, uint64_t n) const {
  return static_cast<uint64_t>((static_cast<unsigned __int128>(bits64(index)) * n) >> 64);
}

float RandomStream::truncated_normal(uint64_t index) const {
  float x;
  fill_truncated_normal(index, {&x, 1});
  return x;
}

void RandomStream::fill_bits(uint64_t first, std::span<uint32_t> out) const {
  size_t done = 0;
  for (; done < out.size() && (first + done) % 4 != 0; ++done) out[done] = bits(first + done);
  const size_t blocks = (out.size() - done) / 4;
  kernels::draws().philox((first + done) / 4, stream, seed, out.data() + done, static_cast<int64_t>(blocks));
  for (done += 4 * blocks; done < out.size(); ++done) out[done] = bits(first + done);
}

void RandomStream::fill_truncated_normal(uint64_t first, std::span<float> out) const {
  constexpr size_t kBlock = 256;
  uint32_t drawn[kBlock];
  for (size_t done = 0; done < out.size(); done += kBlock) {
    const size_t count = std::min(kBlock, out.size() - done);
    fill_bits(first + done, {drawn, count});
    kernels::draws().truncated_normal(drawn, out.data() + done, static_cast<int64_t>(count));
  }
}

float RandomStream::normal(uint64_t index) const {
  return kSqrt2 * inverse_erf(symmetric(bits(index)));
}

uint64_t stream_of(std::string_view name) {
  uint64_t hash = 0xCBF29CE484222325;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3;
  return hash;
}

TEST_CASE("random: philox gives the published vectors") {
  // Random123's known-answer tests for philox4x32-10.
  CHECK(philox(0, 0, 0) == std::array<uint32_t, 4>{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  CHECK(philox(~uint64_t{0}, ~uint64_t{0}, ~uint64_t{0}) ==
        std::array<uint32_t, 4>{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(philox(0x85a308d3243f6a88, 0x0370734413198a2e, 0x299f31d0a4093822) ==
        std::array<uint32_t, 4>{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("random: the moments and bounds of the distributions") {
  const RandomStream stream{7, stream_of("table")};
  const int n = 200000;
  double sum = 0, squares = 0, normal_squares = 0, uniform = 0;
  float largest = 0;
  for (int i = 0; i < n; ++i) {
    const float x = stream.truncated_normal(static_cast<uint64_t>(i));
    const float y = stream.normal(static_cast<uint64_t>(i));
    sum += x;
    squares += x * x;
    normal_squares += y * y;
    largest = std::max(largest, std::abs(x));
    uniform += stream.uniform(static_cast<uint64_t>(i));
    CHECK(stream.below(static_cast<uint64_t>(i), 10) < 10);
  }
  CHECK(std::abs(sum / n) < 0.01);
  // The variance of a normal cut at two standard deviations is 1 - 4 phi(2) / (2 Phi(2) - 1) = 0.77374.
  CHECK(squares / n == doctest::Approx(0.77374).epsilon(0.01));
  CHECK(normal_squares / n == doctest::Approx(1.0).epsilon(0.02));
  CHECK(uniform / n == doctest::Approx(0.5).epsilon(0.01));
  CHECK(largest <= 2.0f);
  CHECK(largest > 1.99f);
}

TEST_CASE("random: filling gives the numbers of the indices") {
  const RandomStream stream{3, 9};
  std::vector<float> out(1000);
  stream.fill_truncated_normal(7, out);
  for (uint64_t i = 0; i < 1000; ++i) CHECK(out[i] == stream.truncated_normal(7 + i));
  for (const size_t count : {0, 1, 3, 10, 500}) {
    std::vector<uint32_t> drawn(count);
    stream.fill_bits(6, drawn);
    for (size_t i = 0; i < count; ++i) CHECK(drawn[i] == stream.bits(6 + i));
  }
}

TEST_CASE("random: streams and seeds differ") {
  CHECK(RandomStream{1, 1}.bits(0) != RandomStream{1, 2}.bits(0));
  CHECK(RandomStream{1, 1}.bits(0) != RandomStream{2, 1}.bits(0));
  CHECK(stream_of("a") != stream_of("b"));
  const RandomStream stream{1, 1};
  CHECK(stream.split(3).bits(0) == stream.split(3).bits(0));
  CHECK(stream.split(3).bits(0) != stream.split(4).bits(0));
  CHECK(stream.split(3).bits(0) != RandomStream{1, 2}.split(3).bits(0));
}

}  // namespace weft
