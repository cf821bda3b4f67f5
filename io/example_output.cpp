// ExampleOutput: rows begun, ended and taken back.
#include <weft/io/example_lists.h>
#include <weft/io/example_output.h>

#include <algorithm>

namespace weft {
namespace {

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

}  // namespace

void ExampleOutput::begin(const ExamplePlan& plan, int64_t batch, Features& out) {
  columns.resize(plan.columns.size());
  followers.resize(plan.columns.size() + 1, 0);
  seen = 0;
  for (size_t i = 0; i < columns.size(); ++i) {
    const ExampleColumn& column = plan.columns[i];
    Feature& feature = out[column.key];
    columns[i] = {.column = &column, .feature = &feature};
    feature.type = column.type;
    feature.sparse = !column.fixed;
    feature.offsets.resize(column.fixed ? 0 : static_cast<size_t>(batch) + 1);
    if (!column.fixed) feature.offsets[0] = 0;
    feature.indices.clear();
    if (column.type != DataType::string) feature.strings.clear();
    if (column.type != DataType::int64) feature.integers.clear();
    if (column.type != DataType::float32) feature.floats.clear();
  }
  out.clear_prepared();
}

void ExampleOutput::finish(int64_t batch) {
  for (const ColumnOutput& output : columns) {
    Feature& feature = *output.feature;
    if (feature.type == DataType::string) feature.strings.resize(output.used);
    if (feature.type == DataType::int64) feature.integers.resize(output.used);
    if (feature.type == DataType::float32) feature.floats.resize(output.used);
    feature.shape.assign(1, batch);
    if (output.column->fixed)
      feature.shape.insert(feature.shape.end(), output.column->shape.begin(), output.column->shape.end());
    else
      feature.shape.push_back(longest_row(feature.offsets));
  }
}

void ExampleOutput::abandon() {
  for (const ColumnOutput& output : columns) output.feature->clear();
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

}  // namespace weft
