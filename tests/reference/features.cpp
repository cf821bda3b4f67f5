// Features: coordinates become rows.
#include "features.h"

#include <algorithm>
#include <stdexcept>

#include "columns.h"

namespace weft::reference {
namespace {

DataType type_of(Array::Type type) {
  switch (type) {
    case Array::Type::float32:
      return DataType::float32;
    case Array::Type::float64:
      return DataType::float64;
    case Array::Type::int32:
      return DataType::int32;
    case Array::Type::string:
      return DataType::string;
    default:
      return DataType::int64;
  }
}

void set_values(const Array& values, Feature& feature, Features& owner) {
  feature.type = type_of(values.type);
  if (values.floating()) feature.floats = values.as_floats();
  feature.integers = values.integers;
  for (const std::string& text : values.strings) feature.strings.push_back(owner.keep(text));
}

void set_rows(const Value& value, Feature& feature) {
  const size_t rank = value.dense_shape.size();
  const size_t count = value.indices.size() / rank;
  feature.sparse = true;
  feature.shape = value.dense_shape;
  feature.offsets.assign(static_cast<size_t>(value.dense_shape.at(0)) + 1, 0);
  for (size_t i = 0; i < count; ++i) {
    ++feature.offsets.at(static_cast<size_t>(value.indices[i * rank]) + 1);
    for (size_t axis = 1; axis < rank; ++axis) feature.indices.push_back(value.indices[i * rank + axis]);
  }
  for (size_t row = 1; row < feature.offsets.size(); ++row) feature.offsets[row] += feature.offsets[row - 1];
}

// The elements of nested lists in order; the extents of the first list of each depth.
void flatten(const Json& value, size_t depth, Array& out) {
  if (!value.is_array()) {
    if (out.type == Array::Type::string) {
      out.strings.push_back(value.get<std::string>());
    } else if (out.floating()) {
      out.floats.push_back(value.get<double>());
    } else {
      out.integers.push_back(value.get<int64_t>());
    }
    return;
  }
  if (out.shape.size() == depth) out.shape.push_back(static_cast<int64_t>(value.size()));
  for (const Json& element : value) flatten(element, depth + 1, out);
}

Value inline_value(const Json& json) {
  Value value;
  value.values.type = array_type(json.at("dtype").get<std::string>());
  flatten(json.at("values"), 0, value.values);
  if (!json.contains("indices")) return value;
  value.sparse = true;
  value.dense_shape = json.at("dense_shape").get<std::vector<int64_t>>();
  for (const Json& index : json.at("indices")) {
    for (const Json& i : index) value.indices.push_back(i.get<int64_t>());
  }
  return value;
}

template <class T>
void copy_range(const std::vector<T>& from, int64_t first, int64_t last, std::vector<T>& to) {
  if (!from.empty()) to.assign(from.begin() + first, from.begin() + last);
}

}  // namespace

Feature make_feature(const Value& value, Features& owner) {
  Feature feature;
  set_values(value.values, feature, owner);
  if (value.sparse) {
    set_rows(value, feature);
  } else {
    feature.shape = value.values.shape;
  }
  return feature;
}

void read_features(const Fixture& fixture, const std::string& group, Features& out) {
  for (const std::string& member : fixture.children(group)) {
    const std::string key = member == "<empty>" ? "" : member;
    out[key] = make_feature(fixture.value(group + "/" + member), out);
  }
}

void inline_features(const Json& features, Features& out) {
  for (const auto& [key, value] : features.items()) out[key] = make_feature(inline_value(value), out);
}

Feature slice(const Feature& all, int64_t first, int64_t last) {
  Feature out;
  out.type = all.type;
  out.sparse = all.sparse;
  out.shape = all.shape;
  out.shape.at(0) = last - first;
  int64_t from = 0, to = 0;
  if (all.sparse) {
    from = all.offsets[static_cast<size_t>(first)];
    to = all.offsets[static_cast<size_t>(last)];
    for (int64_t row = first; row <= last; ++row) out.offsets.push_back(all.offsets[static_cast<size_t>(row)] - from);
    const auto inner = static_cast<int64_t>(all.shape.size()) - 1;
    copy_range(all.indices, from * inner, to * inner, out.indices);
  } else {
    const int64_t row = all.batch() == 0 ? 0 : all.size() / all.batch();
    from = first * row;
    to = last * row;
  }
  copy_range(all.floats, from, to, out.floats);
  copy_range(all.integers, from, to, out.integers);
  copy_range(all.strings, from, to, out.strings);
  return out;
}

void slice_features(const Features& all, int64_t first, int64_t last, Features& out) {
  for (const auto& [key, feature] : all) out[key] = slice(*feature, first, last);
}

}  // namespace weft::reference
