// The columns of a layer before it is made: their order, and what can be told to be wrong without any file.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/layers/embedding_table.h>
#include <weft/layers/input_columns.h>

namespace weft {

const CategoricalColumn* categorical_of(const FeatureColumn& column) {
  if (const auto* embedding = column.get_if<EmbeddingColumn>()) return &embedding->categorical_column;
  if (const auto* indicator = column.get_if<IndicatorColumn>()) return &indicator->categorical_column;
  return column.get_if<CategoricalColumn>();
}

namespace {

std::map<std::string, FeatureColumn> sorted_by_name(const FeatureColumns& columns) {
  if (columns.empty()) throw ValueError("[input_layer] feature_columns must not be empty. Give at least one column.");
  std::map<std::string, FeatureColumn> out;
  for (const FeatureColumn& column : columns) {
    const auto [place, added] = out.emplace(column.name(), column);
    if (added) continue;
    throw ValueError(fmt::format(
        "[input_layer] Duplicate feature column name found for columns: {} and {}. This usually means that these "
        "columns "
        "refer to same base feature. Either one must be discarded or a duplicated but renamed item must be inserted in "
        "features dict.",
        describe(column), describe(place->second)));
  }
  return out;
}

// TensorFlow says it in the words of the layer that the columns are for. A weighted column over a sequence is none.
void refuse_sequence(const FeatureColumn& column) {
  const CategoricalColumn* categorical = categorical_of(column);
  if (categorical == nullptr || categorical->get_if<SequenceColumn>() == nullptr) return;
  const auto* embedding = column.get_if<EmbeddingColumn>();
  const bool v1 = embedding != nullptr && embedding->table->origin == EmbeddingTable::Origin::shared_v1;
  throw ValueError(fmt::format(
      "[input_layer] In {}: {}. categorical_column must not be of type SequenceCategoricalColumn. Suggested fix A: If "
      "you "
      "wish to use {}, use a non-sequence categorical_column_with_*. Suggested fix B: If you wish to create sequence "
      "input, use {} instead of {}. Given (type SequenceCategoricalColumn): {}",
      embedding != nullptr ? "embedding_column" : "indicator_column", column.name(),
      v1 ? "input_layer" : "DenseFeatures", v1 ? "sequence_input_layer" : "SequenceFeatures",
      v1 ? "input_layer" : "DenseFeatures", describe(*categorical)));
}

[[noreturn]] void refuse_kind(const FeatureColumn& column, const char* expected) {
  const std::string text = describe(column);
  throw ValueError(
      fmt::format("[input] Items of feature_columns must be {}, not just any FeatureColumn. You can wrap a categorical "
                  "column with an embedding_column or indicator_column. Given (type {}): {}.",
                  expected, text.substr(0, text.find('(')), text));
}

// The opposite, for layers over sequences.
void require_sequence(const FeatureColumn& column) {
  const CategoricalColumn& categorical = *categorical_of(column);
  if (categorical.get_if<SequenceColumn>() != nullptr) return;
  throw ValueError(
      fmt::format("[SequenceInputLayer] In {}: {}. categorical_column must be of type SequenceCategoricalColumn to use "
                  "SequenceFeatures. Suggested fix: Use one of sequence_categorical_column_with_*. Given: {}",
                  column.get_if<EmbeddingColumn>() != nullptr ? "embedding_column" : "indicator_column", column.name(),
                  describe(categorical)));
}

// In TensorFlow a variable scope is opened for each column, and the table of shared_embeddings is at the root.
void check_name(const FeatureColumn& column, const InputLayerOptions& options) {
  const auto* embedding = column.get_if<EmbeddingColumn>();
  const bool v1 = embedding != nullptr && embedding->table->origin == EmbeddingTable::Origin::shared_v1;
  check_scope_name(v1 ? embedding->table->name : column.name());
  const bool v2 = embedding != nullptr && embedding->table->origin == EmbeddingTable::Origin::shared_v2;
  if (v2 && options.shared_table_name.empty()) check_root_name(embedding->table->name);
}

}  // namespace

std::map<std::string, FeatureColumn> input_columns(const FeatureColumns& columns, const InputLayerOptions& options) {
  auto sorted = sorted_by_name(columns);
  for (const auto& [name, column] : sorted) {
    if (column.get_if<SequenceNumericColumn>() != nullptr) refuse_kind(column, "a DenseColumn");
    static_cast<void>(column.width());  // refuses columns that are not dense
    refuse_sequence(column);
    check_name(column, options);
  }
  return sorted;
}

std::map<std::string, FeatureColumn> sequence_columns(const FeatureColumns& columns, const InputLayerOptions& options) {
  auto sorted = sorted_by_name(columns);
  for (const auto& [name, column] : sorted) {
    const bool wrapped = column.get_if<EmbeddingColumn>() != nullptr || column.get_if<IndicatorColumn>() != nullptr;
    if (!wrapped && column.get_if<SequenceNumericColumn>() == nullptr) refuse_kind(column, "a SequenceDenseColumn");
    if (wrapped) require_sequence(column);
    check_name(column, options);
  }
  return sorted;
}

std::map<std::string, FeatureColumn> linear_columns(const FeatureColumns& columns, const InputLayerOptions& options) {
  auto sorted = sorted_by_name(columns);
  for (const auto& [name, column] : sorted) {
    if (column.get_if<SequenceNumericColumn>() != nullptr) {
      refuse_kind(column, "either a DenseColumn or CategoricalColumn");
    }
    if (column.get_if<CategoricalColumn>() == nullptr) refuse_sequence(column);
    check_name(column, options);
  }
  return sorted;
}

std::vector<std::string> bag_keys(const FeatureColumn& column) {
  std::vector<std::string> keys;
  for (const auto& [key, spec] : column.parse_spec()) {
    if (std::holds_alternative<VarLenFeature>(spec)) keys.push_back(key);
  }
  return keys;
}

void check_bags(const std::string& key, const Features& features, int64_t width) {
  const Feature& feature = features.at(key);
  int64_t bags = 1;
  for (size_t axis = 1; axis + 1 < feature.shape.size(); ++axis) bags *= feature.shape[axis];
  if (bags == 1) return;
  const int64_t batch = feature.batch();
  throw ValueError(
      fmt::format("[input_layer] Cannot reshape a tensor with {} elements to shape [{},{}] ({} elements): "
                  "feature {} has {} axes. Give ids as [batch, ids].",
                  batch * bags * width, batch, width, batch * width, key, feature.shape.size()));
}

}  // namespace weft

namespace {
void refuses([[maybe_unused]] const weft::FeatureColumns& columns, [[maybe_unused]] const char* text) {
  CHECK_THROWS_WITH_AS(weft::input_columns(columns, {}), doctest::Contains(text), weft::ValueError);
}
}  // namespace

TEST_CASE("input columns: none, two of one name, and columns that are not dense") {
  using namespace weft;
  const auto a = categorical_column_with_identity({.key = "a", .num_buckets = 5});
  refuses({}, "feature_columns must not be empty.");
  refuses(
      {embedding_column(a, {.dimension = 2}), embedding_column(a, {.dimension = 3})},
      "Duplicate feature column name found for columns: EmbeddingColumn(categorical_column="
      "IdentityCategoricalColumn(key='a', number_buckets=5, default_value=None), dimension=3, combiner='mean') and");
  refuses(shared_embedding_columns({a, a}, {.dimension = 3}), "Duplicate feature column name found");
  refuses(a, "Items of feature_columns must be a DenseColumn. You can wrap a categorical column");
}

TEST_CASE("input columns: sequences belong elsewhere") {
  using namespace weft;
  const auto a = sequence_categorical_column_with_identity({.key = "a", .num_buckets = 5});
  refuses(shared_embedding_columns({a}, {.dimension = 3}),
          "In embedding_column: a_shared_embedding. categorical_column must not be of type SequenceCategoricalColumn. "
          "Suggested fix A: If you wish to use input_layer, use a non-sequence");
  refuses(shared_embeddings({a}, {.dimension = 3}), "use SequenceFeatures instead of DenseFeatures");
  refuses(indicator_column(a), "In indicator_column: a_indicator.");
  CHECK_NOTHROW(input_columns(indicator_column(weighted_categorical_column(a, {.weight_feature_key = "w"})), {}));
}

TEST_CASE("input columns: layers over sequences take nothing else, and others no sequence of numbers") {
  using namespace weft;
  const auto a = categorical_column_with_identity({.key = "a", .num_buckets = 5});
  const auto s = sequence_categorical_column_with_identity({.key = "s", .num_buckets = 5});
  const auto n = sequence_numeric_column({.key = "n"});
  const auto refuses_sequence = []([[maybe_unused]] const FeatureColumns& columns, [[maybe_unused]] const char* text) {
    CHECK_THROWS_WITH_AS(sequence_columns(columns, {}), doctest::Contains(text), ValueError);
  };
  CHECK(sequence_columns({n, indicator_column(s), shared_embeddings({s}, {.dimension = 2})}, {}).size() == 3);
  refuses_sequence({n, embedding_column(a, {.dimension = 2})},
                   "In embedding_column: a_embedding. categorical_column must be of type SequenceCategoricalColumn");
  refuses_sequence(indicator_column(weighted_categorical_column(s, {.weight_feature_key = "w"})),
                   "In indicator_column: s_weighted_by_w_indicator.");
  refuses_sequence(s, "must be a SequenceDenseColumn, not just any FeatureColumn. You can wrap a categorical");
  refuses_sequence(numeric_column({.key = "n"}), "must be a SequenceDenseColumn");
  refuses_sequence({n, n}, "Duplicate feature column name found");
  refuses(n, "Items of feature_columns must be a DenseColumn");
  CHECK(linear_columns({a, s, indicator_column(a)}, {}).size() == 3);
  CHECK_THROWS_WITH_AS(linear_columns(n, {}), doctest::Contains("either a DenseColumn or CategoricalColumn"),
                       ValueError);
  CHECK_THROWS_WITH_AS(linear_columns(indicator_column(s), {}),
                       doctest::Contains("must not be of type SequenceCategoricalColumn"), ValueError);
}

TEST_CASE("input columns: names that can be no part of a variable's") {
  using namespace weft;
  const auto odd = categorical_column_with_identity({.key = "a b", .num_buckets = 5});
  refuses(shared_embedding_columns({odd}, {.dimension = 3, .shared_embedding_collection_name = "t+"}),
          "'t+' is not a valid scope name");
  refuses(shared_embeddings({odd}, {.dimension = 3}), "'a b_shared_embedding' is not a valid scope name");
  const auto even = categorical_column_with_identity({.key = "A", .num_buckets = 5});
  refuses(shared_embeddings({even, odd}, {.dimension = 3}), "'A_a b_shared_embedding' is not a valid root scope name");
  refuses(numeric_column({.key = "a b"}), "'a b' is not a valid scope name");
}
