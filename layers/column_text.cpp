// Columns, numbers and types as TensorFlow's messages print them.
#include <fmt/format.h>
#include <weft/layers/column_text.h>

#include <cmath>

namespace weft {
namespace {

constexpr size_t kWordsShown = 20;

std::string type_name(DataType type) {
  return fmt::format("tf.{}", to_string(type));
}

std::string optional_text(const std::optional<int64_t>& value) {
  return value ? fmt::format("{}", *value) : std::string("None");
}

// The items with commas, in brackets; a Python tuple of one item ends in a comma.
template <class Item>
std::string sequence_text(size_t count, char open, char close, Item&& item) {
  std::string out(1, open);
  for (size_t i = 0; i < count; ++i) {
    if (i > 0) out += ", ";
    if (i == kWordsShown) {
      out += "...";
      break;
    }
    out += item(i);
  }
  if (count == 1 && open == '(') out += ',';
  return out + close;
}

std::string default_text(const FixedLenFeature& feature) {
  if (!feature.default_value) return "None";
  const FixedLenFeature::Default& value = *feature.default_value;
  if (!value.floats.empty()) return list_text(std::vector<double>(value.floats.begin(), value.floats.end()));
  return words_text(value.strings.empty() ? VocabularyList(value.integers) : VocabularyList(value.strings), '[', ']');
}

std::string text_of(const VocabularyFileColumn& c) {
  return fmt::format(
      "VocabularyFileCategoricalColumn(key='{}', vocabulary_file='{}', vocabulary_size={}, num_oov_buckets={}, "
      "dtype={}, default_value={})",
      c.key, c.vocabulary_file, optional_text(c.vocabulary_size), c.num_oov_buckets, type_name(c.dtype),
      c.default_value.value_or(-1));
}

std::string text_of(const VocabularyListColumn& c) {
  const DataType type = c.dtype.value_or(c.vocabulary_list.strings.empty() ? DataType::int64 : DataType::string);
  return fmt::format(
      "VocabularyListCategoricalColumn(key='{}', vocabulary_list={}, dtype={}, default_value={}, num_oov_buckets={})",
      c.key, words_text(c.vocabulary_list, '(', ')'), type_name(type), c.default_value, c.num_oov_buckets);
}

std::string text_of(const IdentityColumn& c) {
  return fmt::format("IdentityCategoricalColumn(key='{}', number_buckets={}, default_value={})", c.key, c.num_buckets,
                     optional_text(c.default_value));
}

std::string text_of(const HashBucketColumn& c) {
  return fmt::format("HashedCategoricalColumn(key='{}', hash_bucket_size={}, dtype={})", c.key,
                     optional_text(c.hash_bucket_size), type_name(c.dtype));
}

std::string text_of(const BucketizedColumn& c) {
  const auto boundary = [&](size_t i) { return number_text(c.boundaries[i]); };
  return fmt::format("BucketizedColumn(source_column={}, boundaries={})", describe(c.source_column),
                     sequence_text(c.boundaries.size(), '(', ')', boundary));
}

std::string text_of(const WeightedColumn& c) {
  return fmt::format("WeightedCategoricalColumn(categorical_column={}, weight_feature_key='{}', dtype={})",
                     describe(*c.categorical_column), c.weight_feature_key, type_name(c.dtype));
}

std::string text_of(const CrossedColumn& c) {
  const auto key = [&](size_t i) {
    return c.keys[i].column ? describe(*c.keys[i].column) : fmt::format("'{}'", c.keys[i].key);
  };
  return fmt::format("CrossedColumn(keys={}, hash_bucket_size={}, hash_key={})",
                     sequence_text(c.keys.size(), '(', ')', key), c.hash_bucket_size,
                     c.hash_key == 0 ? std::string("None") : fmt::format("{}", c.hash_key));
}

std::string text_of(const SequenceColumn& c) {
  return fmt::format("SequenceCategoricalColumn(categorical_column={})", describe(*c.categorical_column));
}

std::string text_of(const NumericColumn& c) {
  return describe(c);
}
std::string text_of(const SequenceNumericColumn& c) {
  return describe(c);
}
std::string text_of(const CategoricalColumn& c) {
  return describe(c);
}
std::string text_of(const IndicatorColumn& c) {
  return fmt::format("IndicatorColumn(categorical_column={})", describe(c.categorical_column));
}
std::string text_of(const EmbeddingColumn& c) {
  const EmbeddingTable& table = *c.table;
  return fmt::format("{}(categorical_column={}, dimension={}, combiner='{}'{})",
                     table.shared() ? "SharedEmbeddingColumn" : "EmbeddingColumn", describe(c.categorical_column),
                     table.dimension, to_string(c.combiner),
                     table.shared() ? fmt::format(", shared_embedding_collection_name='{}'", table.name) : "");
}

}  // namespace

std::string dtype_text(DataType type) {
  return fmt::format("<dtype: '{}'>", to_string(type));
}

std::string number_text(double value) {
  // A float that came through double prints as the float it was: 0.1, not 0.10000000149011612.
  const auto narrow = static_cast<float>(value);
  std::string out = static_cast<double>(narrow) == value ? fmt::format("{}", narrow) : fmt::format("{}", value);
  if (std::isfinite(value) && out.find_first_of(".e") == std::string::npos) out += ".0";
  return out;
}

std::string shape_text(std::span<const int64_t> shape) {
  return sequence_text(shape.size(), '(', ')', [&](size_t i) { return fmt::format("{}", shape[i]); });
}

std::string list_text(std::span<const double> values) {
  return sequence_text(values.size(), '[', ']', [&](size_t i) { return number_text(values[i]); });
}

std::string words_text(const VocabularyList& words, char open, char close) {
  if (!words.strings.empty()) {
    return sequence_text(words.strings.size(), open, close,
                         [&](size_t i) { return fmt::format("'{}'", words.strings[i]); });
  }
  return sequence_text(words.integers.size(), open, close,
                       [&](size_t i) { return fmt::format("{}", words.integers[i]); });
}

std::string describe(const NumericColumn& column) {
  return fmt::format("NumericColumn(key='{}', shape={}, default_value={}, dtype={}, normalizer_fn={})", column.key,
                     shape_text(column.shape), column.default_value.empty() ? "None" : list_text(column.default_value),
                     type_name(column.dtype), column.normalizer_fn ? "a function" : "None");
}

std::string describe(const SequenceNumericColumn& column) {
  return fmt::format("SequenceNumericColumn(key='{}', shape={}, default_value={}, dtype={}, normalizer_fn={})",
                     column.key, shape_text(column.shape), number_text(column.default_value), type_name(column.dtype),
                     column.normalizer_fn ? "a function" : "None");
}

std::string describe(const CategoricalColumn& column) {
  return std::visit([](const auto& kind) { return text_of(kind); }, column.kind());
}

std::string describe(const FeatureColumn& column) {
  return std::visit([](const auto& kind) { return text_of(kind); }, column.kind());
}

std::string describe(const FeatureSpec& spec) {
  if (const auto* var_len = std::get_if<VarLenFeature>(&spec)) {
    return fmt::format("VarLenFeature(dtype={})", type_name(var_len->type));
  }
  const auto& fixed = std::get<FixedLenFeature>(spec);
  return fmt::format("FixedLenFeature(shape={}, dtype={}, default_value={})", shape_text(fixed.shape),
                     type_name(fixed.type), default_text(fixed));
}

}  // namespace weft
