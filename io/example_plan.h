// ExamplePlan: a specification made ready for parsing: checked, with everything a parser asks for per key.
#pragma once
#include <weft/core/parse_spec.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace weft {

/// A key of the examples that is read.
struct ExampleColumn {
  std::string key;
  /// What an entry of this key starts with in every usual example: tag and length of the key, the key, tag of the
  /// value.
  std::string head;
  DataType type = DataType::int64;
  /// Tag of the list that holds values of `type`.
  uint8_t list_tag = 0;
  /// FixedLenFeature: `elements` values in every example. All others: any number, cut by offsets.
  bool fixed = false;
  /// FixedLenSequenceFeature: a multiple of `elements`, filled up when the batch is finished.
  bool sequence = false;
  /// A feature of this key; else only a part of composites.
  bool shown = false;
  std::vector<int64_t> shape = {};
  int64_t elements = 1;  ///< of one example if fixed, of one step if a sequence
  bool has_default = false;
  FixedLenFeature::Default default_value = {};         ///< of a sequence: the one value that fills
  std::vector<std::string_view> default_strings = {};  ///< views of default_value.strings

  bool dense() const { return fixed || sequence; }
  bool fits(int64_t count) const {
    if (fixed) return count == elements;
    return elements == 1 || count % elements == 0;
  }
};

/// A feature that is put together from columns once they are parsed: a SparseFeature or a RaggedFeature.
struct ExampleComposite {
  std::string key;
  std::variant<SparseFeature, RaggedFeature> feature;
  size_t values = 0;  ///< the column of the values
  /// A column a coordinate, or a partition (of a UniformRowLength: columns.size()).
  std::vector<size_t> parts = {};
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
  std::vector<ExampleColumn> columns;  ///< by key
  std::vector<ExampleComposite> composites;
  bool has_default_strings = false;

 private:
  std::vector<uint32_t> slots_;  ///< open addressing; empty slots hold columns.size()
};

}  // namespace weft
