// RaggedFeature: partitions made row splits, the innermost first.
#include <weft/io/example_compose.h>

#include <fmt/format.h>

#include <algorithm>

namespace weft {
namespace {

/// Rows that an example may have by ValueRowIds, whose largest number makes as many.
constexpr int64_t kMostRows = int64_t{1} << 20;

int64_t longest_of(const std::vector<int64_t>& splits) {
  int64_t longest = 0;
  for (size_t i = 1; i < splits.size(); ++i) longest = std::max(longest, splits[i] - splits[i - 1]);
  return longest;
}

void copy_values(const Feature& from, Feature& to) {
  to.floats = from.floats;
  to.integers = from.integers;
  to.strings = from.strings;
  to.offsets = from.offsets;
}

// The rows of one example at one level: where each ends among its `items`.
class RowLimits {
 public:
  RowLimits(int64_t items, std::vector<int64_t>& splits) : items_(items), base_(splits.back()), splits_(splits) {}

  bool add(int64_t limit) {
    if (limit < last_ || limit > items_) return false;
    splits_.push_back(base_ + limit);
    last_ = limit;
    return true;
  }
  bool add(std::span<const int64_t> limits) {
    return std::ranges::all_of(limits, [this](int64_t limit) { return add(limit); });
  }
  int64_t items() const { return items_; }
  int64_t left() const { return items_ - last_; }
  int64_t last() const { return last_; }

 private:
  int64_t items_, base_, last_ = 0;
  std::vector<int64_t>& splits_;
};

using Numbers = std::span<const int64_t>;

bool add_rows(const RaggedFeature::RowSplits&, Numbers splits, RowLimits& rows) {
  return splits.empty() || (splits[0] == 0 && rows.add(splits.subspan(1)));
}

bool add_rows(const RaggedFeature::RowLengths&, Numbers lengths, RowLimits& rows) {
  return std::ranges::all_of(
      lengths, [&](int64_t length) { return length >= 0 && length <= rows.left() && rows.add(rows.last() + length); });
}

bool add_rows(const RaggedFeature::RowStarts&, Numbers starts, RowLimits& rows) {
  return starts.empty() || (starts[0] == 0 && rows.add(starts.subspan(1)) && rows.add(rows.items()));
}

bool add_rows(const RaggedFeature::RowLimits&, Numbers limits, RowLimits& rows) {
  return rows.add(limits);
}

bool add_rows(const RaggedFeature::ValueRowIds&, Numbers ids, RowLimits& rows) {
  if (std::ssize(ids) != rows.items() || !std::ranges::is_sorted(ids)) return false;
  if (!ids.empty() && (ids.front() < 0 || ids.back() >= kMostRows)) return false;
  int64_t row = 0;
  for (size_t i = 0; i < ids.size(); ++i) {
    for (; row < ids[i]; ++row) rows.add(static_cast<int64_t>(i));
  }
  return ids.empty() || rows.add(rows.items());
}

bool add_rows(const RaggedFeature::UniformRowLength& uniform, Numbers, RowLimits& rows) {
  while (rows.left() >= uniform.length) rows.add(rows.last() + uniform.length);
  return true;
}

const char* name_of(const RaggedFeature::Partition& partition) {
  constexpr const char* names[] = {"RowSplits", "RowLengths",  "RowStarts",
                                   "RowLimits", "ValueRowIds", "UniformRowLength"};
  return names[partition.index()];
}

class RaggedComposer {
 public:
  RaggedComposer(const ComposePlace& place, const RaggedFeature& feature, std::span<const ColumnOutput> columns)
      : place_(place), feature_(feature), columns_(columns), values_(columns[place.composite.values]) {}

  void run(ComposeScratch& scratch, Feature& out) const {
    copy_values(*values_.feature, out);
    out.shape = values_.feature->shape;
    if (feature_.partitions.empty()) return;
    const size_t levels = feature_.partitions.size() + 1, batch = out.offsets.size() - 1;
    out.row_splits.resize(levels);
    scratch.counts.clear();
    for (size_t example = 0; example < batch; ++example) scratch.counts.push_back(values_.count(example));
    for (size_t level = levels; level-- > 1;) cut(level - 1, scratch.counts, out.row_splits[level]);
    out.row_splits[0].assign(1, 0);
    for (const int64_t count : scratch.counts) out.row_splits[0].push_back(out.row_splits[0].back() + count);
    nest(scratch.cursors, out);
  }

 private:
  // Cuts the items of every example (values, or rows of the level within) by a partition; counts become its rows.
  void cut(size_t partition, std::vector<int64_t>& counts, std::vector<int64_t>& splits) const {
    const auto& cutter = feature_.partitions[partition];
    const size_t part = place_.composite.parts[partition];
    splits.assign(1, 0);
    for (size_t example = 0; example < counts.size(); ++example) {
      const Numbers numbers = part == columns_.size() ? Numbers{} : columns_[part].integers(example);
      const size_t before = splits.size();
      RowLimits rows(counts[example], splits);
      const bool fits = std::visit([&](const auto& kind) { return add_rows(kind, numbers, rows); }, cutter);
      if (!fits || rows.left() > 0) fail_cut(example, cutter, numbers, counts[example]);
      counts[example] = static_cast<int64_t>(splits.size() - before);
    }
  }

  [[noreturn]] void fail_cut(size_t example, const RaggedFeature::Partition& partition, Numbers numbers,
                             int64_t items) const {
    if (const auto* uniform = std::get_if<RaggedFeature::UniformRowLength>(&partition))
      place_.fail(example,
                  fmt::format("Input to reshape is a tensor with {} values, but the requested shape requires a "
                              "multiple of {}. Give UniformRowLength the length that was written.",
                              items, uniform->length));
    const size_t part = place_.composite.parts[static_cast<size_t>(&partition - feature_.partitions.data())];
    constexpr size_t kMost = 8;
    place_.fail(example,
                fmt::format("Arguments do not form a valid RaggedTensor: got the {} [{}{}] (key '{}'), expected "
                            "such as cut {} values into rows. Check what wrote the record.",
                            name_of(partition), fmt::join(numbers.first(std::min(numbers.size(), kMost)), ", "),
                            numbers.size() > kMost ? ", ..." : "", columns_[part].column->key, items));
  }

  const ComposePlace& place_;
  const RaggedFeature& feature_;
  std::span<const ColumnOutput> columns_;
  const ColumnOutput& values_;
};

}  // namespace

void compose_ragged(const ComposePlace& place, const RaggedFeature& feature, std::span<const ColumnOutput> columns,
                    ComposeScratch& scratch, Feature& out) {
  RaggedComposer(place, feature, columns).run(scratch, out);
}

void nest(std::vector<size_t>& cursors, Feature& feature) {
  const auto& levels = feature.row_splits;
  feature.shape.assign(1, std::ssize(levels[0]) - 1);
  for (const auto& splits : levels) feature.shape.push_back(longest_of(splits));  // the box that all rows fit in
  // [values, levels]: the place of each value within its row, of that row within the row around it, ...
  feature.indices.resize(static_cast<size_t>(feature.size()) * levels.size());
  cursors.assign(levels.size(), 0);
  for (int64_t value = 0; value < feature.size(); ++value) {
    int64_t item = value;
    for (size_t level = levels.size(); level-- > 0;) {
      const auto& splits = levels[level];
      size_t& row = cursors[level];
      while (splits[row + 1] <= item) ++row;
      feature.indices[static_cast<size_t>(value) * levels.size() + level] = item - splits[row];
      item = static_cast<int64_t>(row);
    }
  }
}

}  // namespace weft
