// A counter-based random generator: number i of a stream depends on (seed, stream, i) alone.
#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace weft {

/// Philox 4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
std::array<uint32_t, 4> philox(uint64_t counter_low, uint64_t counter_high, uint64_t key);

/// A stream of random numbers addressed by index: the same for any number of threads in any order.
struct RandomStream {
  uint64_t seed = 0;
  uint64_t stream = 0;

  /// 32 random bits.
  uint32_t bits(uint64_t index) const;
  /// out[i] = truncated_normal(first + i), several at a time.
  void fill_truncated_normal(uint64_t first, std::span<float> out) const;
  /// 64 random bits.
  uint64_t bits64(uint64_t index) const;
  /// A stream of its own for each index: random numbers at every step of a training run, without a state.
  RandomStream split(uint64_t index) const { return {bits64(index), stream}; }
  /// out[i] = bits(first + i), several at a time.
  void fill_bits(uint64_t first, std::span<uint32_t> out) const;
  /// Uniform in [0, 1), a multiple of 2^-24.
  float uniform(uint64_t index) const;
  /// Uniform in [0, n), n >= 1.
  uint64_t below(uint64_t index, uint64_t n) const;
  /// Standard normal conditioned on |x| < 2 (what redrawing beyond two standard deviations gives).
  float truncated_normal(uint64_t index) const;
  /// Standard normal.
  float normal(uint64_t index) const;
};

/// A stable number for a name, to give every parameter a stream of its own (FNV-1a, 64 bits).
uint64_t stream_of(std::string_view name);

}  // namespace weft
