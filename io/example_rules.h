// Rules of one feature: which types, shapes and defaults can be parsed. All throw ValueError that names the key.
#pragma once
#include <weft/core/parse_spec.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weft {

/// TensorFlow's name of a type in its messages: "float", "int64", "string".
std::string_view tensorflow_name(DataType type);
/// "[]", "[2,3]" as TensorFlow prints shapes.
std::string shape_text(const std::vector<int64_t>& shape);

/// Tag of the list that holds values of `type`. `attribute` is TensorFlow's name of the argument.
uint8_t list_tag_of(const std::string& key, DataType type, const char* attribute);
/// What an entry of this key starts with: ExampleColumn::head.
std::string head_of(const std::string& key);
/// Values of one example of a FixedLenFeature.
int64_t elements_of(const std::string& key, const std::vector<int64_t>& shape);
/// Values of one step of a FixedLenSequenceFeature, which is number `dense` among the dense features.
int64_t elements_of_step(const std::string& key, const std::vector<int64_t>& shape, int64_t dense);
/// A default of `elements` values in the list of the type.
FixedLenFeature::Default default_of(const std::string& key, DataType type, FixedLenFeature::Default value,
                                    int64_t elements);
/// What TensorFlow fills up with: 0 or "".
FixedLenFeature::Default nothing_of(DataType type);

}  // namespace weft
