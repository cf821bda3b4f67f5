// Rules of one feature: which types, shapes and defaults can be parsed.
#include <weft/core/error.h>
#include <weft/io/example_rules.h>
#include <weft/io/example_wire.h>

#include <fmt/format.h>

#include <algorithm>

namespace weft {
namespace {

// The product of a shape whose extents are none below 0.
int64_t product_of(const std::string& key, const std::vector<int64_t>& shape) {
  int64_t product = 1;
  for (const int64_t extent : shape) {
    if (__builtin_mul_overflow(product, extent, &product))
      throw ValueError(
          fmt::format("[parse_example] key '{}': got the shape {}, which has too many elements. Give a smaller one.",
                      key, shape_text(shape)));
  }
  return product;
}

}  // namespace

std::string_view tensorflow_name(DataType type) {
  return type == DataType::float32 ? "float" : type == DataType::float64 ? "double" : to_string(type);
}

std::string shape_text(const std::vector<int64_t>& shape) {
  return fmt::format("[{}]", fmt::join(shape, ","));
}

uint8_t list_tag_of(const std::string& key, DataType type, const char* attribute) {
  switch (type) {
    case DataType::string:
      return wire::tag(1, wire::kDelimited);
    case DataType::float32:
      return wire::tag(2, wire::kDelimited);
    case DataType::int64:
      return wire::tag(3, wire::kDelimited);
    default:
      break;
  }
  throw ValueError(fmt::format(
      "[parse_example] key '{}': Value for attr '{}' of {} is not in the list of allowed values: float, int64, "
      "string. Parse it as {} and convert it then.",
      key, attribute, type == DataType::float64 ? "double" : to_string(type), is_floating(type) ? "float32" : "int64"));
}

std::string head_of(const std::string& key) {
  std::string head(1, static_cast<char>(wire::tag(1, wire::kDelimited)));
  size_t length = key.size();
  for (; length > 127; length >>= 7) head += static_cast<char>(length | 128);
  head += static_cast<char>(length);
  return head + key + static_cast<char>(wire::tag(2, wire::kDelimited));
}

int64_t elements_of(const std::string& key, const std::vector<int64_t>& shape) {
  const auto text = [&] { return shape_text(shape); };
  if (!shape.empty() && shape[0] < 0)
    throw ValueError(fmt::format(
        "[parse_example] key '{}': First dimension of shape for feature {} unknown: got {}, and every dimension must "
        "be >= 0. Give the shape of one example, or use VarLenFeature.",
        key, key, text()));
  if (std::ranges::any_of(shape, [](int64_t extent) { return extent < 0; }))
    throw ValueError(fmt::format(
        "[parse_example] key '{}': All dimensions of shape for feature {} need to be known but received {}. Give every "
        "extent.",
        key, key, text()));
  return product_of(key, shape);
}

int64_t elements_of_step(const std::string& key, const std::vector<int64_t>& shape, int64_t dense) {
  if (std::ranges::any_of(shape, [](int64_t extent) { return extent < 1; })) {
    std::string text = "?";
    for (const int64_t extent : shape) text += extent < 0 ? ",?" : fmt::format(",{}", extent);
    throw ValueError(
        fmt::format("[parse_example] key '{}': dense_shapes[{}] has unknown rank or unknown inner "
                    "dimensions: [{}], expected extents of at least 1. Give every extent of a step.",
                    key, dense, text));
  }
  return product_of(key, shape);
}

// The default in the list of the feature's type; integers may stand for floats, as in TensorFlow.
FixedLenFeature::Default default_of(const std::string& key, DataType type, FixedLenFeature::Default value,
                                    int64_t elements) {
  if (type == DataType::float32 && value.floats.empty())
    value.floats.assign(value.integers.begin(), value.integers.end()), value.integers.clear();
  const size_t floats = value.floats.size(), integers = value.integers.size(), strings = value.strings.size();
  const size_t fitting = type == DataType::float32 ? floats : type == DataType::int64 ? integers : strings;
  if (floats + integers + strings != fitting)
    throw ValueError(fmt::format(
        "[parse_example] key '{}': default_value: got {} floats, {} integers, {} strings, expected values of dtype {} "
        "only. Set the list that fits the type.",
        key, floats, integers, strings, tensorflow_name(type)));
  if (fitting != static_cast<size_t>(elements))
    throw ValueError(fmt::format(
        "[parse_example] key '{}': default_value: Input to reshape is a tensor with {} values, but the requested "
        "shape has {}. Give one value an element.",
        key, fitting, elements));
  return value;
}

FixedLenFeature::Default nothing_of(DataType type) {
  if (type == DataType::float32) return {.floats = {0.0f}};
  if (type == DataType::int64) return {.integers = {0}};
  return {.strings = {""}};
}

}  // namespace weft
