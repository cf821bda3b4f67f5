// Candidate sampling: the few classes that stand for all of a large number in a sampled loss.
#pragma once
#include <weft/core/random.h>

#include <cstdint>
#include <span>
#include <vector>

namespace weft {

struct CandidateSamplerOptions {
  int64_t num_sampled = 0;
  /// Classes are [0, range_max).
  int64_t range_max = 0;
  /// log_uniform: class k with probability ln((k + 2) / (k + 1)) / ln(range_max + 1), for classes that are numbered by
  /// falling frequency, as a vocabulary's words are.
  enum class Distribution { log_uniform, uniform } distribution = Distribution::log_uniform;
  /// Draws again until the classes differ.
  bool unique = true;
};

/// Classes that were drawn, and how often each was to be expected among as many draws.
struct CandidateSample {
  std::vector<int64_t> ids;                 ///< [num_sampled]
  std::vector<float> expected_counts;       ///< [num_sampled]
  std::vector<float> true_expected_counts;  ///< of the true classes, [their number]
};

/// tf.random.log_uniform_candidate_sampler and tf.random.uniform_candidate_sampler. The sample depends on the stream
/// alone: one of its own for every step is RandomStream::split. Throws ValueError for sizes below 1, more unique
/// classes than there are, and true classes out of range.
CandidateSample sample_candidates(std::span<const int64_t> true_ids, const CandidateSamplerOptions& options,
                                  const RandomStream& stream);

}  // namespace weft
