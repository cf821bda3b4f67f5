// SparseFeature and RaggedFeature: put together from the columns of a batch once they are parsed.
#pragma once
#include <weft/core/features.h>
#include <weft/io/example_plan.h>

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace weft {

/// Where an example of the batch came from, for errors; may be empty.
using ExampleOrigin = std::function<std::string(size_t example)>;
/// "example 3", if nothing better is known.
std::string place_of(const ExampleOrigin& where, size_t example);

/// The values of one column of a batch so far.
struct ColumnOutput {
  const ExampleColumn* column = nullptr;
  Feature* feature = nullptr;
  size_t used = 0;        ///< values; the feature's vector may be longer until the batch is finished
  int64_t last_row = -1;  ///< the last example that had the key

  // Of a finished column that has offsets:
  int64_t count(size_t example) const { return feature->offsets[example + 1] - feature->offsets[example]; }
  std::span<const int64_t> integers(size_t example) const {
    return {feature->integers.data() + feature->offsets[example], static_cast<size_t>(count(example))};
  }
};

/// Kept from batch to batch for its memory.
struct ComposeScratch {
  std::vector<size_t> order;    ///< of a sparse feature's values
  std::vector<int64_t> counts;  ///< rows of each example at the level at hand
  std::vector<size_t> cursors;  ///< the row of each level that the value at hand is in
};

/// What an error says of where it is.
struct ComposePlace {
  const ExampleComposite& composite;
  const ExampleOrigin& where;

  [[noreturn]] void fail(size_t example, const std::string& what) const;
};

/// Makes `out` from finished columns. Throws DataError naming the example and the key.
void compose(const ExampleComposite& composite, std::span<const ColumnOutput> columns, const ExampleOrigin& where,
             ComposeScratch& scratch, Feature& out);
void compose_sparse(const ComposePlace& place, const SparseFeature& feature, std::span<const ColumnOutput> columns,
                    ComposeScratch& scratch, Feature& out);
void compose_ragged(const ComposePlace& place, const RaggedFeature& feature, std::span<const ColumnOutput> columns,
                    ComposeScratch& scratch, Feature& out);

/// Shape and indices of nested rows from `row_splits`; `cursors` is kept for its memory.
void nest(std::vector<size_t>& cursors, Feature& feature);

}  // namespace weft
