// Ids: the ids of one categorical column for a batch, as CSR.
#pragma once
#include <cstdint>
#include <vector>

namespace weft {

/// Bags of ids, one a row of the batch: row b has ids[offsets[b] .. offsets[b + 1]). Negative ids are not in any
/// vocabulary.
struct Ids {
  std::vector<int64_t> offsets = {0};  ///< [batch + 1], not decreasing, starts at 0.
  std::vector<int64_t> ids;            ///< [offsets.back()]
  std::vector<float> weights;          ///< as ids, or empty: every weight is 1.
  /// Values that no vocabulary knew or that were out of an identity's range, whatever id they have now.
  int64_t out_of_vocabulary = 0;

  int64_t batch() const { return static_cast<int64_t>(offsets.size()) - 1; }
  bool weighted() const { return !weights.empty(); }
  /// No rows; the memory is kept.
  void clear() {
    offsets.assign(1, 0);
    ids.clear();
    weights.clear();
    out_of_vocabulary = 0;
  }
};

/// What became of the values of a column: what an input drops without a word is counted here.
struct IdCounts {
  int64_t bags = 0;    ///< examples, or places of sequences
  int64_t values = 0;  ///< ids; padding of dense features ('' and -1) is none
  /// Values outside of the vocabulary (or range). They are dropped unless the column has a default or buckets for them.
  int64_t out_of_vocabulary = 0;
  int64_t negative_ids = 0;    ///< dropped: ids below 0 that are not out of vocabulary
  int64_t pruned_weights = 0;  ///< dropped: ids of weight 0 or less, by the combiners mean and sqrtn
  int64_t empty_bags = 0;      ///< bags that nothing is left of: they give zeros

  IdCounts& operator+=(const IdCounts& other);
  bool operator==(const IdCounts&) const = default;
};
/// Counts a batch of ids as a safe lookup treats them. `prune_weights`: the combiner is mean or sqrtn.
IdCounts count_ids(const Ids& ids, bool prune_weights);

}  // namespace weft
