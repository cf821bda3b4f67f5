// Columns that read a feature: numbers as they are, and what becomes ids.
#include "config_columns.h"

#include <fmt/format.h>

using namespace weft;

namespace {

using Made = std::vector<FeatureColumn>;

/// The feature that "key" names, which ids are made from: of any number of values.
const ConfigFeature* feature_of_ids(Section& section, const ConfigColumns& columns, std::string& key) {
  const ConfigFeature* feature = columns.features().find(section, "key", key);
  if (feature != nullptr && (feature->shape || feature->default_value)) {
    section.fail("key", fmt::format("got '{}', a feature with a shape or a default, expected one without: a column of "
                                    "ids takes any number of values",
                                    key));
    return nullptr;
  }
  return feature;
}

/// The column that f makes, when all its keys were read.
Made make(Section& section, const char* kind, bool good, const std::function<FeatureColumn()>& f) {
  section.finish(fmt::format("a column of kind {}", kind));
  Made made;
  if (good) attempt(section, "", [&] { made.push_back(f()); });
  return made;
}

Made make_numeric(Section& section, ConfigColumns& columns) {
  NumericColumn column;
  const ConfigFeature* feature = columns.features().find(section, "key", column.key);
  float mean = 0.0f, stddev = 1.0f;
  const bool scaled = static_cast<int>(section.get("mean", mean)) + static_cast<int>(section.get("stddev", stddev)) > 0;
  section.above("stddev", stddev, 0);
  if (scaled) column.normalizer_fn = [mean, stddev](float x) { return (x - mean) / stddev; };
  if (feature != nullptr) {
    const FixedLenFeature fixed = fixed_length(*feature);
    column.shape = fixed.shape;
    column.dtype = feature->type;
    if (fixed.default_value) {
      const auto& [floats, integers, strings] = *fixed.default_value;
      column.default_value.assign(floats.begin(), floats.end());
      column.default_value.insert(column.default_value.end(), integers.begin(), integers.end());
    }
  }
  return make(section, "numeric", feature != nullptr, [&] { return numeric_column(column); });
}

Made make_identity(Section& section, ConfigColumns& columns) {
  IdentityColumn column;
  const ConfigFeature* feature = feature_of_ids(section, columns, column.key);
  if (feature != nullptr && feature->type != DataType::int64) {
    section.fail("key", fmt::format("got '{}' of dtype {}, expected int64", column.key, to_string(feature->type)));
    feature = nullptr;
  }
  const bool good = section.require("num_buckets", column.num_buckets);
  section.get("default_value", column.default_value);
  return make(section, "identity", feature != nullptr && good,
              [&] { return categorical_column_with_identity(column); });
}

Made make_hash_bucket(Section& section, ConfigColumns& columns) {
  HashBucketColumn column;
  const ConfigFeature* feature = feature_of_ids(section, columns, column.key);
  if (feature != nullptr) column.dtype = feature->type;
  const bool good = section.require("hash_bucket_size", column.hash_bucket_size);
  return make(section, "hash_bucket", feature != nullptr && good,
              [&] { return categorical_column_with_hash_bucket(column); });
}

Made make_vocabulary_file(Section& section, ConfigColumns& columns) {
  VocabularyFileColumn column;
  const ConfigFeature* feature = feature_of_ids(section, columns, column.key);
  if (feature != nullptr) column.dtype = feature->type;
  const bool good = section.require("vocabulary_file", column.vocabulary_file);
  section.get("vocabulary_size", column.vocabulary_size);
  section.get("num_oov_buckets", column.num_oov_buckets);
  section.get("default_value", column.default_value);
  return make(section, "vocabulary_file", feature != nullptr && good,
              [&] { return categorical_column_with_vocabulary_file(column); });
}

Made make_vocabulary_list(Section& section, ConfigColumns& columns) {
  VocabularyListColumn column;
  const ConfigFeature* feature = feature_of_ids(section, columns, column.key);
  bool good = false;
  if (feature != nullptr && feature->type == DataType::string) {
    good = section.require("vocabulary_list", column.vocabulary_list.strings);
  } else {
    good = section.require("vocabulary_list", column.vocabulary_list.integers);
  }
  section.get("num_oov_buckets", column.num_oov_buckets);
  section.get("default_value", column.default_value);
  return make(section, "vocabulary_list", feature != nullptr && good,
              [&] { return categorical_column_with_vocabulary_list(column); });
}

}  // namespace

const std::vector<ColumnKind>& input_column_kinds() {
  static const std::vector<ColumnKind> kinds = {{"numeric", make_numeric},
                                                {"identity", make_identity},
                                                {"hash_bucket", make_hash_bucket},
                                                {"vocabulary_file", make_vocabulary_file},
                                                {"vocabulary_list", make_vocabulary_list}};
  return kinds;
}
