// Tables: copies between rows that lie apart and plain arrays.
#include "tables.h"

#include <weft/core/coalesce.h>

#include <algorithm>
#include <numeric>
#include <stdexcept>

namespace weft::reference {

std::vector<float> numbers(const RowsView& view) {
  std::vector<float> out;
  out.reserve(static_cast<size_t>(view.size()));
  for (int64_t i = 0; i < view.rows; ++i) {
    const auto row = view.row(i);
    out.insert(out.end(), row.begin(), row.end());
  }
  return out;
}

void load(const RowsView& view, std::span<const float> values) {
  if (static_cast<int64_t>(values.size()) != view.size()) throw std::runtime_error("an array of another size");
  for (int64_t i = 0; i < view.rows; ++i) {
    std::ranges::copy(values.subspan(static_cast<size_t>(i * view.width), static_cast<size_t>(view.width)),
                      view.row(i).begin());
  }
}

TableGradient gradient_of(Parameter& table) {
  const CoalescedRows rows = coalesced(table);
  const int64_t width = table.value().width;
  TableGradient out{rows.rows, std::vector<float>(static_cast<size_t>(table.value().size()), 0.0f)};
  for (size_t i = 0; i < rows.rows.size(); ++i) {
    const auto row = rows.gradients.values().subspan(i * static_cast<size_t>(width), static_cast<size_t>(width));
    std::ranges::copy(row, out.dense.begin() + rows.rows[i] * width);
  }
  return out;
}

void add_rows(Parameter& table, std::span<const int64_t> rows, std::span<const float> values) {
  const size_t n = rows.size();
  const int64_t width = table.value().width;
  Share share{.bags = static_cast<int64_t>(n),
              .ids = Buffer(n * sizeof(int32_t)),
              .offsets = Buffer((n + 1) * sizeof(int32_t)),
              .scales = Buffer(n * sizeof(float)),
              .upstream = Buffer(values.size_bytes()),
              .dout_stride = width};
  std::ranges::transform(rows, share.ids.as<int32_t>(), [](int64_t row) { return static_cast<int32_t>(row); });
  std::iota(share.offsets.as<int32_t>(), share.offsets.as<int32_t>() + n + 1, 0);
  std::fill_n(share.scales.as<float>(), n, 1.0f);
  std::ranges::copy(values, share.upstream.as<float>());
  share.dout = share.upstream.as<float>();
  table.row_gradient().shares.push_back(std::move(share));
}

void add_dense(Parameter& parameter, std::span<const float> values) {
  const auto [data, fresh] = parameter.add_to_gradient();
  for (size_t i = 0; i < values.size(); ++i) data[i] = fresh ? values[i] : data[i] + values[i];
}

}  // namespace weft::reference
