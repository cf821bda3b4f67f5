// ExampleOutput: where the values of a batch go while it is parsed, a column of the specification after the other.
#pragma once
#include <weft/core/features.h>
#include <weft/io/example_compose.h>
#include <weft/io/example_plan.h>
#include <weft/io/example_wire.h>

#include <cstdint>
#include <string_view>
#include <vector>

namespace weft {

/// What parsing a batch works on. Kept from batch to batch for its memory and for the order of keys it has learnt.
struct ExampleOutput {
  /// An entry of the example at hand whose key the specification names.
  struct Entry {
    size_t column;
    wire::Bytes feature;
  };

  std::vector<ColumnOutput> columns;
  /// [columns + 1]: which column came after a column last time (the last one: at the start of an example).
  std::vector<uint32_t> followers;
  std::vector<Entry> entries;
  size_t seen = 0;  ///< columns that the example at hand has
  Features parts;   ///< columns that are no features of their own
  /// The features that are put together when the batch is finished.
  std::vector<Feature*> composed;
  ComposeScratch scratch;

  /// Ready for `batch` examples: makes the features that `out` does not have.
  void begin(const ExamplePlan& plan, int64_t batch, Features& out);
  /// Sets the shapes, drops the room that was not used, fills up sequences, composes. Throws DataError for parts that
  /// don't fit together.
  void finish(const ExamplePlan& plan, int64_t batch, const ExampleOrigin& where);
  /// Leaves the features without values: after an error.
  void abandon();

  /// Takes back what example `row` has appended.
  void roll_back(int64_t row);
  /// Marks a column as seen in `row`, which has appended `count` values.
  void end_column(ColumnOutput& output, int64_t row, int64_t count) {
    output.used += static_cast<size_t>(count);
    output.last_row = row;
    ++seen;
    if (!output.column->fixed)
      output.feature->offsets[static_cast<size_t>(row) + 1] = static_cast<int64_t>(output.used);
  }
  /// Ends an example: defaults and empty rows for the columns it did not have. Returns the first column that is
  /// required and missing, or columns.size().
  size_t end_row(int64_t row);
};

/// Room for `more` values after the first `used`. The vector is never shortened before the batch is finished, so that a
/// steady stream of batches neither allocates nor fills memory with zeros.
template <class T>
inline T* room_for(std::vector<T>& values, size_t used, size_t more) {
  if (values.size() - used < more) values.resize(used + more);
  return values.data() + used;
}

/// Appends the values of `list`: a BytesList, or the packed values of another list. Returns their count (not yet in
/// output.used), or -1 if they are malformed.
int64_t append_values(ColumnOutput& output, wire::Bytes list);

/// The same for the list that a Feature starts with (its tag has been read), packed or not.
int64_t append_list(ColumnOutput& output, wire::Bytes feature);

/// Shortens the feature's values to those that were used.
void drop_unused(const ColumnOutput& output);

/// Makes the rows of a sequence dense, [rows, steps, shape...], as long as the longest; the others are filled up.
void make_dense(const ExampleColumn& column, Feature& feature);

}  // namespace weft
