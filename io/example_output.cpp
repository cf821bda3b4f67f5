// ExampleOutput: rows begun, ended and taken back.
#include <weft/io/example_lists.h>
#include <weft/io/example_output.h>

#include <algorithm>

namespace weft {
namespace {

// An empty feature; memory is kept.
void start(Feature& feature, DataType type, bool sparse) {
  feature.type = type;
  feature.sparse = sparse;
  feature.indices.clear();
  for (auto& splits : feature.row_splits) splits.clear();
  if (type != DataType::string) feature.strings.clear();
  if (type != DataType::int64) feature.integers.clear();
  if (type != DataType::float32) feature.floats.clear();
}

// Calls f with the values of the feature's type.
template <class F>
void in_values(Feature& feature, const F& f) {
  if (feature.type == DataType::string) f(feature.strings);
  if (feature.type == DataType::int64) f(feature.integers);
  if (feature.type == DataType::float32) f(feature.floats);
}

template <class T>
void append_default(std::vector<T>& values, size_t used, const std::vector<T>& defaults) {
  std::copy(defaults.begin(), defaults.end(), room_for(values, used, defaults.size()));
}

void append_default(ColumnOutput& output) {
  const ExampleColumn& column = *output.column;
  Feature& feature = *output.feature;
  if (column.type == DataType::string) append_default(feature.strings, output.used, column.default_strings);
  if (column.type == DataType::int64) append_default(feature.integers, output.used, column.default_value.integers);
  if (column.type == DataType::float32) append_default(feature.floats, output.used, column.default_value.floats);
  output.used += static_cast<size_t>(column.elements);
}

int64_t longest_row(const std::vector<int64_t>& offsets) {
  int64_t longest = 0;
  for (size_t i = 1; i < offsets.size(); ++i) longest = std::max(longest, offsets[i] - offsets[i - 1]);
  return longest;
}

// Moves rows of varying length apart, the last first, to `longest` values each.
template <class T>
void fill_up(std::vector<T>& values, const std::vector<int64_t>& offsets, int64_t longest, T fill) {
  const int64_t batch = std::ssize(offsets) - 1;
  values.resize(static_cast<size_t>(batch * longest));
  for (int64_t row = batch; row-- > 0;) {
    const auto begin = values.begin() + offsets[static_cast<size_t>(row)];
    const int64_t count = offsets[static_cast<size_t>(row) + 1] - offsets[static_cast<size_t>(row)];
    const auto end = values.begin() + (row + 1) * longest;
    std::copy_backward(begin, begin + count, end - longest + count);
    std::fill(end - longest + count, end, fill);
  }
}

// Single values, a field each.
int64_t append_unpacked(ColumnOutput& output, wire::Bytes list) {
  const bool integers = output.column->type == DataType::int64;
  const uint8_t expected = wire::tag(1, integers ? wire::kVarint : wire::kFixed32);
  int64_t count = 0;
  for (; !list.empty(); ++count) {
    const size_t used = output.used + static_cast<size_t>(count);
    if (static_cast<uint8_t>(*list.at++) != expected) return -1;
    if (integers) {
      uint64_t value;
      if (!wire::read_varint(list, value)) return -1;
      *room_for(output.feature->integers, used, 1) = static_cast<int64_t>(value);
    } else {
      if (list.size() < sizeof(float)) return -1;
      *room_for(output.feature->floats, used, 1) = wire::load<float>(list.at);
      list.at += sizeof(float);
    }
  }
  return count;
}

}  // namespace

void ExampleOutput::begin(const ExamplePlan& plan, int64_t batch, Features& out) {
  columns.resize(plan.columns.size());
  followers.resize(plan.columns.size() + 1, 0);
  seen = 0;
  for (size_t i = 0; i < columns.size(); ++i) {
    const ExampleColumn& column = plan.columns[i];
    Feature& feature = column.shown ? out[column.key] : parts[column.key];
    columns[i] = {.column = &column, .feature = &feature};
    start(feature, column.type, !column.dense());
    feature.offsets.resize(column.fixed ? 0 : static_cast<size_t>(batch) + 1);
    if (!column.fixed) feature.offsets[0] = 0;
  }
  composed.clear();
  for (const ExampleComposite& composite : plan.composites) {
    composed.push_back(&out[composite.key]);
    start(*composed.back(), plan.columns[composite.values].type, true);
  }
  out.clear_prepared();
}

void ExampleOutput::finish(const ExamplePlan& plan, int64_t batch, const ExampleOrigin& where) {
  for (const ColumnOutput& output : columns) {
    Feature& feature = *output.feature;
    const ExampleColumn& column = *output.column;
    drop_unused(output);
    if (column.sequence) {
      make_dense(column, feature);
      continue;
    }
    feature.shape.assign(1, batch);
    if (!column.fixed) feature.shape.push_back(longest_row(feature.offsets));
    feature.shape.insert(feature.shape.end(), column.shape.begin(), column.shape.end());
  }
  for (size_t i = 0; i < composed.size(); ++i) compose(plan.composites[i], columns, where, scratch, *composed[i]);
}

void ExampleOutput::abandon() {
  for (const ColumnOutput& output : columns) output.feature->clear();
  for (Feature* feature : composed) feature->clear();
}

void ExampleOutput::roll_back(int64_t row) {
  seen = 0;
  for (ColumnOutput& output : columns) {
    output.last_row = row - 1;
    output.used = static_cast<size_t>(output.column->fixed ? row * output.column->elements
                                                           : output.feature->offsets[static_cast<size_t>(row)]);
  }
}

size_t ExampleOutput::end_row(int64_t row) {
  const bool complete = seen == columns.size();
  seen = 0;
  if (complete) return columns.size();
  for (size_t i = 0; i < columns.size(); ++i) {
    ColumnOutput& output = columns[i];
    if (output.last_row == row) continue;
    if (!output.column->fixed) {
      output.feature->offsets[static_cast<size_t>(row) + 1] = static_cast<int64_t>(output.used);
    } else if (output.column->has_default) {
      append_default(output);
    } else {
      return i;
    }
  }
  return columns.size();
}

int64_t append_values(ColumnOutput& output, wire::Bytes list) {
  Feature& feature = *output.feature;
  switch (output.column->type) {
    case DataType::string:
      return wire::decode_strings(list, room_for(feature.strings, output.used, list.size() / 2));
    case DataType::int64:
      return wire::decode_varints(list, room_for(feature.integers, output.used, list.size()));
    default:
      return wire::decode_floats(list, room_for(feature.floats, output.used, list.size() / sizeof(float)));
  }
}

// The first list counts, what follows it in the Feature is not looked at. After packed values the rest of the list is
// not either.
int64_t append_list(ColumnOutput& output, wire::Bytes feature) {
  constexpr uint8_t kPacked = wire::tag(1, wire::kDelimited);
  wire::Bytes list, packed;
  if (!wire::read_delimited(feature, list)) return -1;
  if (output.column->type == DataType::string || list.empty()) return append_values(output, list);
  if (static_cast<uint8_t>(*list.at) != kPacked) return append_unpacked(output, list);
  ++list.at;
  return wire::read_delimited(list, packed) ? append_values(output, packed) : -1;
}

void drop_unused(const ColumnOutput& output) {
  in_values(*output.feature, [&](auto& values) { values.resize(output.used); });
}

void make_dense(const ExampleColumn& column, Feature& feature) {
  const int64_t longest = longest_row(feature.offsets);
  const FixedLenFeature::Default& fill = column.default_value;
  if (feature.type == DataType::string) fill_up(feature.strings, feature.offsets, longest, column.default_strings[0]);
  if (feature.type == DataType::int64) fill_up(feature.integers, feature.offsets, longest, fill.integers[0]);
  if (feature.type == DataType::float32) fill_up(feature.floats, feature.offsets, longest, fill.floats[0]);
  feature.sparse = false;
  feature.shape.assign({std::ssize(feature.offsets) - 1, longest / column.elements});
  feature.shape.insert(feature.shape.end(), column.shape.begin(), column.shape.end());
  feature.offsets.clear();
  feature.indices.clear();
}

}  // namespace weft
