// ExamplePlan: a specification made ready for parsing: checked, with everything a parser asks for per key.
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

/// One key of the specification.
struct ExampleColumn {
  std::string key;
  /// What an entry of this key starts with in every usual example: tag and length of the key, the key, tag of the
  /// value.
  std::string head;
  DataType type = DataType::int64;
  /// Tag of the list that holds values of `type`.
  uint8_t list_tag = 0;
  /// FixedLenFeature, else VarLenFeature.
  bool fixed = false;
  std::vector<int64_t> shape = {};
  int64_t elements = 0;  ///< of one example, if fixed
  bool has_default = false;
  FixedLenFeature::Default default_value = {};
  std::vector<std::string_view> default_strings = {};  ///< views of default_value.strings
};

/// A specification and its columns in its order. Neither copied nor moved: columns hold views of each other.
struct ExamplePlan {
  /// Throws ValueError for what can't be parsed.
  explicit ExamplePlan(ParseSpec spec);
  ExamplePlan(const ExamplePlan&) = delete;
  ExamplePlan& operator=(const ExamplePlan&) = delete;

  /// The column of a key, or columns.size().
  size_t find(std::string_view key) const;

  ParseSpec spec;
  std::vector<ExampleColumn> columns;
  bool has_default_strings = false;

 private:
  std::vector<uint32_t> slots_;  ///< open addressing; empty slots hold columns.size()
};

}  // namespace weft
