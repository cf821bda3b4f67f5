// RowPartitions: the uses of a table's rows, distributed by row so that partitions can be summed apart.
#pragma once
#include <weft/core/buffer.h>
#include <weft/core/kernels.h>
#include <weft/core/sparse_rows.h>

#include <cstdint>
#include <span>
#include <vector>

namespace weft {

/// All uses of a gradient's shares, cut by a hash of the row into partitions whose sums stay in cache; within a
/// partition in the order of shares, bags and ids. How it is cut depends on the sizes alone, not on the number of
/// threads.
class RowPartitions {
 public:
  /// `uses` ids in all shares together, whose rows, were they all different, would take `bytes`.
  void distribute(const SparseRows& gradient, int64_t uses, int64_t bytes);
  /// Gives the memory of the uses back.
  void clear();

  int64_t count() const { return count_; }
  /// The uses of partition k.
  std::span<kernels::Use> uses(int64_t k) const;
  /// Those of one share, a part of them.
  std::span<kernels::Use> uses(int64_t k, size_t share) const;

 private:
  struct Chunk {
    size_t share;
    int64_t begin, end;  ///< bags
  };
  void list_chunks(const SparseRows& gradient);
  void sum_counts();
  int64_t of(int32_t row) const { return (static_cast<uint32_t>(row) * 0x9E3779B1u) >> shift_; }
  /// Where the uses of a chunk start in each partition; of chunk number chunks_.size(): where the partitions end.
  int64_t* starts(size_t chunk) const { return starts_.as<int64_t>() + static_cast<int64_t>(chunk) * count_; }
  std::span<kernels::Use> between(int64_t begin, int64_t end) const;

  int64_t count_ = 0;
  int shift_ = 0;
  Buffer uses_;
  Buffer starts_;
  std::vector<Chunk> chunks_;
  std::vector<size_t> first_chunk_;  ///< of each share, and the number of chunks
};

}  // namespace weft
