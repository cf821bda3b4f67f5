// Columns over other columns: intervals, weights, crosses, indicators, tables of embeddings.
#include "config_columns.h"
#include "config_initializer.h"

#include <fmt/format.h>

using namespace weft;

namespace {

using Made = std::vector<FeatureColumn>;

Made make(Section& section, const char* kind, bool good, const std::function<Made()>& f) {
  section.finish(fmt::format("a column of kind {}", kind));
  Made made;
  if (good) attempt(section, "", [&] { made = f(); });
  return made;
}

Made make_bucketized(Section& section, ConfigColumns& columns) {
  std::string name;
  const NumericColumn* numbers = nullptr;
  if (section.require("column", name)) {
    const ConfigColumn* source = columns.use(section, "column", name);
    if (source != nullptr) numbers = source->columns[0].get_if<NumericColumn>();
    if (source != nullptr && numbers == nullptr) {
      section.fail("column", fmt::format("got '{}', a column of kind {}, expected a numeric one", name, source->kind));
    }
  }
  std::vector<float> boundaries;
  const bool good = section.require("boundaries", boundaries);
  return make(section, "bucketized", numbers != nullptr && good,
              [&] { return Made{bucketized_column(*numbers, boundaries)}; });
}

Made make_weighted(Section& section, ConfigColumns& columns) {
  const CategoricalColumn* column = columns.use_categorical(section, "column");
  WeightedOptions options;
  const ConfigFeature* weights = columns.features().find(section, "weight_feature_key", options.weight_feature_key);
  if (weights != nullptr) options.dtype = weights->type;
  return make(section, "weighted", column != nullptr && weights != nullptr,
              [&] { return Made{weighted_categorical_column(*column, options)}; });
}

/// A key is a column's name, or else a feature's.
Made make_crossed(Section& section, ConfigColumns& columns) {
  std::vector<std::string> names;
  CrossedOptions options;
  bool good = section.require("keys", names);
  good &= section.require("hash_bucket_size", options.hash_bucket_size);
  section.get("hash_key", options.hash_key);
  std::vector<CrossedKey> keys;
  for (const std::string& name : names) {
    if (!columns.has(name) && columns.features().find(name) != nullptr) {
      keys.emplace_back(name);
    } else if (const CategoricalColumn* column = columns.use_categorical(section, "keys", name)) {
      keys.emplace_back(*column);
    }
  }
  return make(section, "crossed", good && keys.size() == names.size(),
              [&] { return Made{crossed_column(keys, options)}; });
}

Made make_indicator(Section& section, ConfigColumns& columns) {
  const CategoricalColumn* column = columns.use_categorical(section, "column");
  return make(section, "indicator", column != nullptr, [&] { return Made{indicator_column(*column)}; });
}

/// What embedding and shared_embedding have in common. A dimension must be there.
template <class Options>
bool read_table(Section& section, Options& options) {
  const bool good = section.require("dimension", options.dimension);
  if (good) section.above("dimension", static_cast<double>(*options.dimension), 0);
  std::string combiner = "mean";
  section.choose("combiner", combiner, {"mean", "sqrtn", "sum"});
  options.combiner = combiner_of(combiner);
  options.initializer = read_initializer(section, "initializer");
  section.get("max_norm", options.max_norm);
  section.get("ckpt_to_load_from", options.ckpt_to_load_from);
  section.get("tensor_name_in_ckpt", options.tensor_name_in_ckpt);
  section.get("trainable", options.trainable);
  section.get("use_safe_embedding_lookup", options.use_safe_embedding_lookup);
  return good;
}

Made make_embedding(Section& section, ConfigColumns& columns) {
  const CategoricalColumn* column = columns.use_categorical(section, "column");
  EmbeddingOptions options;
  const bool good = read_table(section, options);
  return make(section, "embedding", column != nullptr && good,
              [&] { return Made{embedding_column(*column, options)}; });
}

Made make_shared_embedding(Section& section, ConfigColumns& columns) {
  std::vector<std::string> names;
  std::vector<CategoricalColumn> shared;
  if (section.require("columns", names) && names.empty()) section.fail("columns", "got none, expected one or more");
  for (const std::string& name : names) {
    if (const CategoricalColumn* column = columns.use_categorical(section, "columns", name)) shared.push_back(*column);
  }
  SharedEmbeddingOptions options;
  const bool good = read_table(section, options);
  section.get("shared_embedding_collection_name", options.shared_embedding_collection_name);
  return make(section, "shared_embedding", good && shared.size() == names.size() && !shared.empty(),
              [&] { return shared_embedding_columns(shared, options); });
}

}  // namespace

const std::vector<ColumnKind>& made_column_kinds() {
  static const std::vector<ColumnKind> kinds = {
      {"bucketized", make_bucketized}, {"weighted", make_weighted},   {"crossed", make_crossed},
      {"indicator", make_indicator},   {"embedding", make_embedding}, {"shared_embedding", make_shared_embedding}};
  return kinds;
}
