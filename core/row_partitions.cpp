// RowPartitions: a radix partition in two passes, counts then moves, over chunks of bags.
#include <weft/core/parallel.h>
#include <weft/core/row_partitions.h>

#include <algorithm>
#include <bit>

namespace weft {
namespace {

using kernels::Use;

/// Bytes of sums that a partition should have at most, if every use were of another row.
constexpr int64_t kPartitionBytes = 256 << 10;
constexpr int64_t kLeast = 8, kMost = 256;
/// Chunks that the bags of all shares are cut into, about, and bags that a chunk has at least. The fewer chunks, the
/// longer are the stretches that each writes into a partition.
constexpr int64_t kChunks = 8, kLeastBags = 128;
/// Uses ahead of the one that is written whose memory is asked for: a cache line and more.
constexpr int64_t kAhead = 10;

/// Calls f(use) for the uses of bags [begin, end) in order.
template <class F>
void for_uses(const Share& share, int64_t begin, int64_t end, const F& f) {
  const auto *ids = share.ids.as<int32_t>(), *offsets = share.offsets.as<int32_t>();
  const auto* scales = share.scales.as<float>();
  for (int64_t bag = begin; bag < end; ++bag) {
    for (int32_t i = offsets[bag]; i < offsets[bag + 1]; ++i) {
      f(Use{ids[i], static_cast<int32_t>(bag), scales[share.per_bag ? bag : i]});
    }
  }
}

}  // namespace

void RowPartitions::list_chunks(const SparseRows& gradient) {
  chunks_.clear();
  first_chunk_.clear();
  int64_t all_bags = 0;
  for (const Share& share : gradient.shares) all_bags += share.bags;
  const int64_t step = std::max(kLeastBags, (all_bags + kChunks - 1) / kChunks);
  for (size_t s = 0; s < gradient.shares.size(); ++s) {
    first_chunk_.push_back(chunks_.size());
    const int64_t bags = gradient.shares[s].bags;
    for (int64_t bag = 0; bag < bags; bag += step) chunks_.push_back({s, bag, std::min(bag + step, bags)});
  }
  first_chunk_.push_back(chunks_.size());
}

/// Counts become starts: partition after partition, chunk after chunk.
void RowPartitions::sum_counts() {
  int64_t start = 0;
  for (int64_t k = 0; k < count_; ++k) {
    for (size_t chunk = 0; chunk < chunks_.size(); ++chunk) {
      const int64_t n = starts(chunk)[k];
      starts(chunk)[k] = start;
      start += n;
    }
    starts(chunks_.size())[k] = start;
  }
}

void RowPartitions::distribute(const SparseRows& gradient, int64_t uses, int64_t bytes) {
  const auto wanted = std::bit_ceil(static_cast<uint64_t>(bytes / kPartitionBytes + 1));
  count_ = std::clamp(static_cast<int64_t>(wanted), kLeast, kMost);
  shift_ = 32 - std::countr_zero(static_cast<uint64_t>(count_));
  list_chunks(gradient);
  uses_ = Buffer(static_cast<size_t>(uses) * sizeof(Use));
  starts_ = Buffer((chunks_.size() + 1) * static_cast<size_t>(count_) * sizeof(int64_t));
  const auto chunks = static_cast<int64_t>(chunks_.size());
  parallel_blocks(chunks, [&](int64_t c) {
    const Chunk& chunk = chunks_[static_cast<size_t>(c)];
    int64_t* counts = starts(static_cast<size_t>(c));
    std::fill_n(counts, count_, 0);
    for_uses(gradient.shares[chunk.share], chunk.begin, chunk.end, [&](const Use& use) { ++counts[of(use.row)]; });
  });
  sum_counts();
  parallel_blocks(chunks, [&](int64_t c) {
    const Chunk& chunk = chunks_[static_cast<size_t>(c)];
    int64_t next[kMost];
    std::copy_n(starts(static_cast<size_t>(c)), count_, next);
    auto* to = uses_.as<Use>();
    for_uses(gradient.shares[chunk.share], chunk.begin, chunk.end, [&](const Use& use) {
      Use* place = to + next[of(use.row)]++;
      __builtin_prefetch(place + kAhead, 1);  // to be written
      *place = use;
    });
  });
}

void RowPartitions::clear() {
  uses_ = Buffer();
  starts_ = Buffer();
}

std::span<Use> RowPartitions::between(int64_t begin, int64_t end) const {
  return {uses_.as<Use>() + begin, static_cast<size_t>(end - begin)};
}

std::span<Use> RowPartitions::uses(int64_t k) const {
  return between(starts(0)[k], starts(chunks_.size())[k]);
}

std::span<Use> RowPartitions::uses(int64_t k, size_t share) const {
  return between(starts(first_chunk_[share])[k], starts(first_chunk_[share + 1])[k]);
}

}  // namespace weft
