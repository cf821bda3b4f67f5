// DnnNetwork: the layers one on another.
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/estimator/networks/dnn_network.h>

namespace weft {

namespace {

bool has_table_from(const FeatureColumns& columns, EmbeddingTable::Origin origin) {
  for (const FeatureColumn& column : columns) {
    const auto* embedding = column.get_if<EmbeddingColumn>();
    if (embedding && embedding->table->origin == origin) return true;
  }
  return false;
}

}  // namespace

DnnNetwork::DnnNetwork(ParameterStore& params, const DnnNetworkOptions& options)
    : options_(options),
      input_(params, options.feature_columns,
             {.scope = input_layer_scope(),
              .shared_table_name = shared_table_pattern(options.names),
              .plain_names = options.names == NamingScheme::v2}) {
  int64_t inputs = input_.width();
  for (int64_t units : options.hidden_units) {
    if (units <= 0) {
      throw ValueError(
          fmt::format("[DnnNetwork] hidden_units can't be: got {}, expected at least 1. Check hidden_units.", units));
    }
    const auto layer = std::ssize(hidden_);
    const std::string name = hidden_layer_name(layer);
    hidden_.push_back({.dense = Dense(params, {.name = name,
                                               .inputs = inputs,
                                               .units = units,
                                               .activation = options.activation_fn,
                                               .precision = options.precision}),
                       .dropout = Dropout(params, {.name = name, .rate = options.dropout}),
                       .norm = {}});
    if (options.batch_norm)
      hidden_.back().norm.emplace(params, BatchNormLayerOptions{.name = batch_norm_name(layer), .units = units});
    inputs = units;
  }
  logits_.emplace(params,
                  DenseOptions{.name = logits_layer_name(), .inputs = inputs, .units = options.logits_dimension});
}

Var DnnNetwork::operator()(Tape& tape, const Features& features) const {
  Var x = input_(tape, features);
  for (const Hidden& layer : hidden_) {
    x = layer.dropout(layer.dense(x));
    if (layer.norm) x = (*layer.norm)(x);
  }
  return (*logits_)(x);
}

NamingScheme naming_scheme_of(const char* where, NamingScheme names, const FeatureColumns& columns) {
  if (names == NamingScheme::v2 && has_table_from(columns, EmbeddingTable::Origin::shared_v1)) {
    throw ValueError(fmt::format(
        "[{}] Received a feature column from TensorFlow v1, but this is a TensorFlow v2 Estimator: got "
        "shared_embedding_columns with the names of v2, expected shared_embeddings. Use those, or the names of v1.",
        where));
  }
  const bool v2_columns = has_table_from(columns, EmbeddingTable::Origin::shared_v2);
  return names == NamingScheme::v1 && v2_columns ? NamingScheme::v1_with_v2_columns : names;
}

void check_feature_columns(const char* where, const FeatureColumns& columns) {
  if (!columns.empty()) return;
  throw ValueError(fmt::format(
      "[{}] feature_columns must not be empty.: got no column, expected at least one. Give the model an input.",
      where));
}

}  // namespace weft
