// LookupPlan: what a lookup really reads, once ids are checked and pruned and weights have become scales.
#pragma once
#include <weft/core/ids.h>
#include <weft/core/ops/embedding_lookup.h>
#include <weft/core/parameter.h>
#include <weft/core/sparse_rows.h>

#include <vector>

namespace weft {

/// The ids, offsets and scales of one lookup: its share of the gradient but for the upstream gradient.
struct LookupPlan {
  Share share;

  /// Throws ValueError if an id is not within the table, or ids, offsets and weights don't fit each other.
  void make(const Ids& ids, const Parameter& table, const LookupOptions& options);
  /// `count` plans to use; their memory stays with the thread.
  static std::vector<LookupPlan>& of_thread(size_t count);
};

}  // namespace weft
