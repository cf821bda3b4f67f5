// Tables: a parameter's numbers in and out, and its gradient as one array.
#pragma once
#include <weft/core/parameter.h>

#include <span>
#include <vector>

namespace weft::reference {

/// The numbers of a view whose rows may lie apart, in row order.
std::vector<float> numbers(const RowsView& view);
/// Throws std::runtime_error unless the counts are equal.
void load(const RowsView& view, std::span<const float> values);

/// The gradient of a table: the rows that lookups touched and the sum of every row, zeros elsewhere.
struct TableGradient {
  std::vector<int64_t> touched_rows;
  std::vector<float> dense;
};
TableGradient gradient_of(Parameter& table);

/// Adds a gradient of [n, width] rows to a table, as a lookup of n bags of one id does.
void add_rows(Parameter& table, std::span<const int64_t> rows, std::span<const float> values);
/// Adds to the dense gradient.
void add_dense(Parameter& parameter, std::span<const float> values);

}  // namespace weft::reference
