// SparseFeature: values brought into the order of their coordinates.
#include <weft/io/example_compose.h>

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace weft {
namespace {

template <class T>
void gather(const std::vector<T>& from, std::span<const size_t> order, std::vector<T>& to) {
  to.resize(from.size());
  for (size_t i = 0; i < from.size(); ++i) to[i] = from[order[i]];
}

class SparseComposer {
 public:
  SparseComposer(const ComposePlace& place, const SparseFeature& feature, std::span<const ColumnOutput> columns)
      : place_(place), feature_(feature), columns_(columns), values_(columns[place.composite.values]) {}

  void run(std::vector<size_t>& order, Feature& out) const {
    const Feature& from = *values_.feature;
    const size_t batch = from.offsets.size() - 1;
    for (size_t example = 0; example < batch; ++example) check(example);
    order.resize(static_cast<size_t>(from.size()));
    std::iota(order.begin(), order.end(), size_t{0});
    for (size_t example = 0; example < batch && !feature_.already_sorted; ++example) {
      const auto begin = order.begin() + from.offsets[example], end = order.begin() + from.offsets[example + 1];
      const auto before = [this](size_t a, size_t b) { return is_before(a, b); };
      if (!std::is_sorted(begin, end, before)) std::sort(begin, end, before);
    }
    gather(from.floats, order, out.floats);
    gather(from.integers, order, out.integers);
    gather(from.strings, order, out.strings);
    out.offsets = from.offsets;
    gather_coordinates(order, out.indices);
    out.shape.assign(1, static_cast<int64_t>(batch));
    out.shape.insert(out.shape.end(), feature_.size.begin(), feature_.size.end());
  }

 private:
  const ColumnOutput& coordinate(size_t axis) const { return columns_[place_.composite.parts[axis]]; }

  void check(size_t example) const {
    for (size_t axis = 0; axis < feature_.size.size(); ++axis) {
      const int64_t count = coordinate(axis).count(example), expected = values_.count(example);
      if (count != expected)
        place_.fail(example,
                    fmt::format("Dimensions {} and {} are not compatible: got {} indices (key '{}') for {} "
                                "values (key '{}'). Write an index for each value.",
                                count, expected, count, feature_.index_key[axis], expected, feature_.value_key));
      for (const int64_t index : coordinate(axis).integers(example)) {
        if (index >= 0 && index < feature_.size[axis]) continue;
        place_.fail(example, fmt::format("index (key '{}'): got {}, expected one in [0, {}). Give SparseFeature the "
                                         "size that was written.",
                                         feature_.index_key[axis], index, feature_.size[axis]));
      }
    }
  }

  // Equal coordinates stay in the order of the example.
  bool is_before(size_t a, size_t b) const {
    for (size_t axis = 0; axis < feature_.size.size(); ++axis) {
      const auto& indices = coordinate(axis).feature->integers;
      if (indices[a] != indices[b]) return indices[a] < indices[b];
    }
    return a < b;
  }

  void gather_coordinates(std::span<const size_t> order, std::vector<int64_t>& out) const {
    const size_t axes = feature_.size.size();
    out.resize(order.size() * axes);
    for (size_t axis = 0; axis < axes; ++axis) {
      const auto& indices = coordinate(axis).feature->integers;
      for (size_t i = 0; i < order.size(); ++i) out[i * axes + axis] = indices[order[i]];
    }
  }

  const ComposePlace& place_;
  const SparseFeature& feature_;
  std::span<const ColumnOutput> columns_;
  const ColumnOutput& values_;
};

}  // namespace

void compose_sparse(const ComposePlace& place, const SparseFeature& feature, std::span<const ColumnOutput> columns,
                    ComposeScratch& scratch, Feature& out) {
  SparseComposer(place, feature, columns).run(scratch.order, out);
}

}  // namespace weft
