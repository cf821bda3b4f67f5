// embedding_lookup: rows of one table, combined per bag; the op that sharing is about.
#pragma once
#include <weft/core/ids.h>
#include <weft/core/parameter.h>
#include <weft/core/sparse_rows.h>
#include <weft/core/tape.h>

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace weft {

/// How the rows of a bag become one: their sum, the sum over the sum of weights, the sum over the root of the sum of
/// squared weights.
enum class Combiner { mean, sqrtn, sum };
std::string_view to_string(Combiner combiner);

struct LookupOptions {
  Combiner combiner = Combiner::mean;
  /// Rows of larger norm are scaled down to it before they are used; the gradient goes through the scaling.
  std::optional<float> max_norm = {};
  /// tf.nn.safe_embedding_lookup_sparse: negative ids are dropped, so are weights <= 0 (not for sum), an empty bag
  /// gives zeros and touches row 0 with a zero gradient. Otherwise tf.nn.embedding_lookup_sparse: nothing is dropped,
  /// and trailing empty bags are missing from the result.
  bool safe = true;
  /// What messages call this lookup, as the column's name.
  std::string name = {};
};

/// Combined rows, [batch, dimension]. On backward the table's gradient receives one share: these ids, their scales and
/// the upstream gradient. Throws ValueError if an id is not within the table, or ids and weights differ in number.
Var embedding_lookup(Tape& tape, Parameter& table, const Ids& ids, const LookupOptions& options = {});

/// One column of a lookup of several.
struct LookupColumn {
  Parameter* table = nullptr;
  const Ids* ids = nullptr;
  const LookupOptions* options = nullptr;
  const Share* made = nullptr;  ///< what LookupPlan made of the ids ahead, or null
};
/// Several lookups side by side: [batch, sum of dimensions], column k's result at its place; the same as concat of
/// single lookups, without the copies. Throws also if the batches differ.
Var embedding_lookup(Tape& tape, std::span<const LookupColumn> columns);

}  // namespace weft
