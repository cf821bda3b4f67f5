// Columns: the functions of tf.feature_column by name.
#include "columns.h"

#include <algorithm>
#include <cmath>

#include "report.h"

namespace weft::reference {
namespace {

bool given(const Json& spec, const char* key) {
  return spec.contains(key) && !spec.at(key).is_null();
}

std::string text(const Json& spec, const char* key) {
  if (!given(spec, key)) return {};
  if (!spec.at(key).is_string()) throw NotExpressible(std::string(key) + " is no string");
  return spec.at(key);
}

int64_t integer(const Json& value, const char* what) {
  if (value.is_number_integer()) return value.get<int64_t>();
  throw NotExpressible(std::string(what) + " is no integer");
}

std::optional<int64_t> optional_integer(const Json& spec, const char* key) {
  if (!given(spec, key)) return {};
  return integer(spec.at(key), key);
}

std::string file(const Json& spec, const char* key, const ColumnOptions& options) {
  const std::string name = text(spec, key);
  return name.empty() || options.directory.empty() ? name : options.directory + "/" + name;
}

std::function<float(float)> normalizer(const Json& spec) {
  if (given(spec, "normalizer_fn")) throw NotExpressible("normalizer_fn is no function");
  if (!given(spec, "normalizer")) return {};
  const std::string name = spec.at("normalizer");
  if (name == "minus_2_div_4") return [](float x) { return (x - 2.0f) / 4.0f; };
  if (name == "log1p") return [](float x) { return std::log1p(x); };
  throw Unsupported("the runner has no normalizer " + name);
}

void flatten(const Json& value, std::vector<double>& out) {
  if (value.is_array()) {
    for (const Json& element : value) flatten(element, out);
  } else if (value.is_number()) {
    out.push_back(value.get<double>());
  } else {
    throw NotExpressible("default_value is no number");
  }
}

std::vector<int64_t> shape_of(const Json& spec) {
  if (!given(spec, "shape")) return {1};
  const Json& shape = spec.at("shape");
  std::vector<int64_t> out;
  for (const Json& extent : shape.is_array() ? shape : Json::array({shape})) out.push_back(integer(extent, "shape"));
  return out;
}

SequenceNumericColumn sequence_numeric(const Json& spec) {
  SequenceNumericColumn column{.key = text(spec, "key"), .shape = shape_of(spec), .normalizer_fn = normalizer(spec)};
  if (given(spec, "default_value")) {
    if (!spec.at("default_value").is_number()) throw NotExpressible("default_value is no number");
    column.default_value = spec.at("default_value").get<double>();
  }
  if (spec.contains("dtype")) column.dtype = data_type(spec.at("dtype"));
  return sequence_numeric_column(std::move(column));
}

NumericColumn numeric(const Json& spec) {
  NumericColumn column{.key = text(spec, "key"), .shape = shape_of(spec), .normalizer_fn = normalizer(spec)};
  if (given(spec, "default_value")) flatten(spec.at("default_value"), column.default_value);
  if (spec.contains("dtype")) column.dtype = data_type(spec.at("dtype"));
  return numeric_column(std::move(column));
}

VocabularyList words(const Json& list) {
  if (list.is_null()) return {};
  const auto all = [&](auto is) { return std::ranges::all_of(list, is); };
  if (all([](const Json& w) { return w.is_string(); })) return VocabularyList(list.get<std::vector<std::string>>());
  if (all([](const Json& w) { return w.is_number_integer(); })) return VocabularyList(list.get<std::vector<int64_t>>());
  throw NotExpressible("vocabulary_list holds neither strings nor integers only");
}

template <class Column>
void set_dtype(const Json& spec, Column& column) {
  if (given(spec, "dtype")) column.dtype = data_type(spec.at("dtype"));
}

VocabularyFileColumn vocabulary_file(const Json& spec, const ColumnOptions& options) {
  VocabularyFileColumn column{.key = text(spec, "key"),
                              .vocabulary_file = file(spec, "vocabulary_file", options),
                              .vocabulary_size = optional_integer(spec, "vocabulary_size"),
                              .num_oov_buckets = optional_integer(spec, "num_oov_buckets").value_or(0),
                              .default_value = optional_integer(spec, "default_value")};
  set_dtype(spec, column);
  return column;
}

VocabularyListColumn vocabulary_list(const Json& spec) {
  VocabularyListColumn column{.key = text(spec, "key"),
                              .vocabulary_list = words(spec.value("vocabulary_list", Json())),
                              .default_value = optional_integer(spec, "default_value").value_or(-1),
                              .num_oov_buckets = optional_integer(spec, "num_oov_buckets").value_or(0)};
  set_dtype(spec, column);
  return column;
}

IdentityColumn identity(const Json& spec) {
  return {.key = text(spec, "key"),
          .num_buckets = optional_integer(spec, "num_buckets").value_or(0),
          .default_value = optional_integer(spec, "default_value")};
}

HashBucketColumn hash_bucket(const Json& spec) {
  HashBucketColumn column{.key = text(spec, "key"), .hash_bucket_size = optional_integer(spec, "hash_bucket_size")};
  set_dtype(spec, column);
  return column;
}

CategoricalColumn categorical(const Json& spec, const ColumnOptions& options);

CategoricalColumn bucketized(const Json& spec) {
  const Json& source = spec.at("source_column");
  if (source.value("kind", "") != "numeric_column") throw NotExpressible("source_column is no numeric column");
  std::vector<float> boundaries;
  if (given(spec, "boundaries")) {
    if (!spec.at("boundaries").is_array()) throw NotExpressible("boundaries are no list");
    boundaries = spec.at("boundaries").get<std::vector<float>>();
  }
  return bucketized_column(numeric(source), std::move(boundaries));
}

CategoricalColumn weighted(const Json& spec, const ColumnOptions& options) {
  WeightedOptions weights{.weight_feature_key = text(spec, "weight_feature_key")};
  if (spec.contains("dtype")) weights.dtype = data_type(spec.at("dtype"));
  return weighted_categorical_column(categorical(spec.at("categorical_column"), options), weights);
}

CategoricalColumn crossed(const Json& spec, const ColumnOptions& options) {
  std::vector<CrossedKey> keys;
  for (const Json& key : spec.at("keys")) {
    if (key.is_string()) {
      keys.emplace_back(key.get<std::string>());
    } else {
      keys.emplace_back(categorical(key, options));
    }
  }
  CrossedOptions crossed{.hash_bucket_size = optional_integer(spec, "hash_bucket_size")};
  if (given(spec, "hash_key")) crossed.hash_key = spec.at("hash_key").get<uint64_t>();
  return crossed_column(std::move(keys), crossed);
}

CategoricalColumn categorical(const Json& spec, const ColumnOptions& options) {
  if (!spec.is_object()) throw NotExpressible("not a categorical column");
  const std::string kind = spec.at("kind");
  if (kind == "categorical_column_with_vocabulary_file") {
    return categorical_column_with_vocabulary_file(vocabulary_file(spec, options));
  }
  if (kind == "categorical_column_with_vocabulary_list") {
    return categorical_column_with_vocabulary_list(vocabulary_list(spec));
  }
  if (kind == "categorical_column_with_identity") return categorical_column_with_identity(identity(spec));
  if (kind == "categorical_column_with_hash_bucket") return categorical_column_with_hash_bucket(hash_bucket(spec));
  if (kind == "bucketized_column") return bucketized(spec);
  if (kind == "weighted_categorical_column") return weighted(spec, options);
  if (kind == "crossed_column") return crossed(spec, options);
  if (kind == "sequence_categorical_column_with_vocabulary_file") {
    return sequence_categorical_column_with_vocabulary_file(vocabulary_file(spec, options));
  }
  if (kind == "sequence_categorical_column_with_vocabulary_list") {
    return sequence_categorical_column_with_vocabulary_list(vocabulary_list(spec));
  }
  if (kind == "sequence_categorical_column_with_identity") {
    return sequence_categorical_column_with_identity(identity(spec));
  }
  if (kind == "sequence_categorical_column_with_hash_bucket") {
    return sequence_categorical_column_with_hash_bucket(hash_bucket(spec));
  }
  throw NotExpressible("a " + kind + " is not a categorical column");
}

Combiner combiner(const Json& spec, const ColumnOptions& options) {
  const std::string name = spec.value("combiner", "mean");
  if (options.construct_only && name != "mean" && name != "sqrtn" && name != "sum") {
    throw NotExpressible("there is no combiner " + name);
  }
  return combiner_of(name);
}

// What embedding_column and shared_embeddings have in common.
template <class Options>
Options embedding_options(const Json& spec, const ColumnOptions& options) {
  if (given(spec, "initializer")) throw NotExpressible("the initializer is no function");
  Options out;
  out.dimension = optional_integer(spec, "dimension");
  out.combiner = combiner(spec, options);
  out.ckpt_to_load_from = file(spec, "ckpt_to_load_from", options);
  out.tensor_name_in_ckpt = text(spec, "tensor_name_in_ckpt");
  if (given(spec, "max_norm")) out.max_norm = spec.at("max_norm").get<float>();
  out.trainable = spec.value("trainable", true);
  out.use_safe_embedding_lookup = spec.value("use_safe_embedding_lookup", true);
  return out;
}

std::vector<FeatureColumn> shared(const Json& spec, const ColumnOptions& options) {
  std::vector<CategoricalColumn> columns;
  for (const Json& column : spec.at("categorical_columns")) columns.push_back(categorical(column, options));
  auto arguments = embedding_options<SharedEmbeddingOptions>(spec, options);
  arguments.shared_embedding_collection_name = text(spec, "shared_embedding_collection_name");
  arguments.trainable = arguments.trainable && options.train_shared_tables;
  return options.api == Api::v1 ? shared_embedding_columns(columns, arguments) : shared_embeddings(columns, arguments);
}

FeatureColumn single(const Json& spec, const ColumnOptions& options) {
  const std::string kind = spec.at("kind");
  if (kind == "numeric_column") return numeric(spec);
  if (kind == "sequence_numeric_column") return sequence_numeric(spec);
  if (kind == "indicator_column") return indicator_column(categorical(spec.at("categorical_column"), options));
  if (kind == "embedding_column") {
    return embedding_column(categorical(spec.at("categorical_column"), options),
                            embedding_options<EmbeddingOptions>(spec, options));
  }
  return categorical(spec, options);
}

}  // namespace

Api api_of(const std::string& name) {
  if (name == "v1") return Api::v1;
  if (name == "v2") return Api::v2;
  throw std::runtime_error("no such interface: " + name);
}

DataType data_type(const Json& name) {
  for (const DataType type :
       {DataType::float32, DataType::float64, DataType::int32, DataType::int64, DataType::string}) {
    if (name.is_string() && name == std::string(to_string(type))) return type;
  }
  throw NotExpressible("no such type: " + name.dump());
}

std::vector<FeatureColumn> make_columns(const Json& specifications, const ColumnOptions& options) {
  if (!specifications.is_array()) throw NotExpressible("not a list of columns");
  std::vector<FeatureColumn> out;
  for (const Json& spec : specifications) {
    if (!spec.is_object()) throw NotExpressible("not a column");
    if (spec.at("kind") == "shared_embeddings") {
      for (FeatureColumn& column : shared(spec, options)) out.push_back(std::move(column));
    } else {
      out.push_back(single(spec, options));
    }
  }
  return out;
}

const CategoricalColumn* categorical_of(const FeatureColumn& column) {
  if (const auto* indicator = column.get_if<IndicatorColumn>()) return &indicator->categorical_column;
  if (const auto* embedding = column.get_if<EmbeddingColumn>()) return &embedding->categorical_column;
  return column.get_if<CategoricalColumn>();
}

}  // namespace weft::reference
