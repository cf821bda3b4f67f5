// embedding_column, shared_embedding_columns and shared_embeddings: ids read rows of a table, their own or a shared
// one.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/layers/column_kinds.h>

#include <algorithm>
#include <cmath>

namespace weft {
namespace {

// Both kinds of options have these members.
template <class Options>
std::shared_ptr<EmbeddingTable> make_table(const char* where, const Options& options, const std::string& initializer) {
  if (!options.dimension || *options.dimension < 1) {
    const auto given = options.dimension ? fmt::format("{}", *options.dimension) : std::string("None");
    throw ValueError(fmt::format("[{}] Invalid dimension {}. Give the numbers of a row, at least 1.", where, given));
  }
  if (options.ckpt_to_load_from.empty() != options.tensor_name_in_ckpt.empty()) {
    throw ValueError(
        fmt::format("[{}] Must specify both `ckpt_to_load_from` and `tensor_name_in_ckpt` or none of them: "
                    "got '{}' and '{}'. Give the other one too.",
                    where, options.ckpt_to_load_from, options.tensor_name_in_ckpt));
  }
  if (options.initializer && !*options.initializer) {
    throw ValueError(fmt::format("[{}] initializer must be callable if specified.{} Leave it out for the default.",
                                 where, initializer));
  }
  auto table = std::make_shared<EmbeddingTable>();
  table->dimension = *options.dimension;
  const float stddev = 1.0f / std::sqrt(static_cast<float>(table->dimension));
  table->initializer = options.initializer.value_or(truncated_normal_initializer({.mean = 0.0f, .stddev = stddev}));
  table->ckpt_to_load_from = options.ckpt_to_load_from;
  table->tensor_name_in_ckpt = options.tensor_name_in_ckpt;
  table->trainable = options.trainable;
  return table;
}

// Columns may differ in key and weights, not in kind: what counts is the column inside.
const CategoricalColumn& unwrapped(const CategoricalColumn& column) {
  if (const auto* weighted = column.get_if<WeightedColumn>()) return unwrapped(*weighted->categorical_column);
  if (const auto* sequence = column.get_if<SequenceColumn>()) return unwrapped(*sequence->categorical_column);
  return column;
}

std::string type_of(const CategoricalColumn& column) {
  const std::string text = describe(column);
  return text.substr(0, text.find('('));
}

void check_alike(const char* where, const std::vector<CategoricalColumn>& columns) {
  const CategoricalColumn& first = unwrapped(columns[0]);
  for (const CategoricalColumn& column : columns) {
    const CategoricalColumn& other = unwrapped(column);
    if (first.kind().index() != other.kind().index()) {
      throw ValueError(
          fmt::format("[{}] To use shared_embedding_column, all categorical_columns must have the same type, or be "
                      "weighted_categorical_column or sequence column of the same type. Given column: {} of type: {} "
                      "does not match "
                      "given column: {} of type: {}.",
                      where, describe(first), type_of(first), describe(other), type_of(other)));
    }
    if (first.num_buckets() != other.num_buckets()) {
      throw ValueError(
          fmt::format("[{}] To use shared_embedding_column, all categorical_columns must have the same "
                      "number of buckets. Given column: {} with buckets: {} does  not match column: {} "
                      "with buckets: {}.",
                      where, describe(first), first.num_buckets(), describe(other), other.num_buckets()));
    }
  }
}

// "a_b_shared_embedding": the names in ASCII order, weights' suffixes included.
std::string collection_name(const std::vector<CategoricalColumn>& columns) {
  std::vector<std::string> names;
  for (const CategoricalColumn& column : columns) names.push_back(column.name());
  std::sort(names.begin(), names.end());
  return fmt::format("{}_shared_embedding", fmt::join(names, "_"));
}

std::vector<FeatureColumn> share(const char* where, const std::vector<CategoricalColumn>& columns,
                                 const SharedEmbeddingOptions& options, EmbeddingTable::Origin origin) {
  const auto table = make_table(where, options, "");
  if (columns.empty()) {
    throw ValueError(fmt::format("[{}] categorical_columns must not be empty. Give the columns that share.", where));
  }
  check_alike(where, columns);
  table->name = options.shared_embedding_collection_name.empty() ? collection_name(columns)
                                                                 : options.shared_embedding_collection_name;
  table->num_buckets = columns[0].num_buckets();
  table->origin = origin;
  std::vector<FeatureColumn> out;
  for (const CategoricalColumn& column : columns) {
    out.push_back(
        EmbeddingColumn{column, table, options.combiner, options.max_norm, options.use_safe_embedding_lookup});
  }
  return out;
}

}  // namespace

FeatureColumn embedding_column(CategoricalColumn categorical_column, const EmbeddingOptions& options) {
  const std::string name = categorical_column.name();
  const auto table = make_table("embedding_column", options, fmt::format(" Embedding of column_name: {}.", name));
  table->name = name + "_embedding";
  table->num_buckets = categorical_column.num_buckets();
  return EmbeddingColumn{std::move(categorical_column), table, options.combiner, options.max_norm,
                         options.use_safe_embedding_lookup};
}

std::vector<FeatureColumn> shared_embedding_columns(const std::vector<CategoricalColumn>& categorical_columns,
                                                    const SharedEmbeddingOptions& options) {
  return share("shared_embedding_columns", categorical_columns, options, EmbeddingTable::Origin::shared_v1);
}

std::vector<FeatureColumn> shared_embeddings(const std::vector<CategoricalColumn>& categorical_columns,
                                             const SharedEmbeddingOptions& options) {
  return share("shared_embeddings", categorical_columns, options, EmbeddingTable::Origin::shared_v2);
}

Combiner combiner_of(std::string_view name) {
  for (const Combiner combiner : {Combiner::mean, Combiner::sqrtn, Combiner::sum}) {
    if (name == to_string(combiner)) return combiner;
  }
  throw ValueError(fmt::format(
      "[embedding_lookup] combiner must be one of 'mean', 'sqrtn' or 'sum', got {}. Give one of these.", name));
}

}  // namespace weft

namespace {
weft::CategoricalColumn identity(const char* key, int64_t buckets = 5) {
  return weft::categorical_column_with_identity({.key = key, .num_buckets = buckets});
}
[[maybe_unused]] const weft::EmbeddingTable* table_of(const weft::FeatureColumn& column) {
  return column.get_if<weft::EmbeddingColumn>()->table.get();
}
}  // namespace

TEST_CASE("shared embeddings: columns share one description, named from the sorted columns") {
  using namespace weft;
  const auto columns = shared_embedding_columns(
      {weighted_categorical_column(identity("b"), {.weight_feature_key = "w"}), identity("a")}, {.dimension = 3});
  REQUIRE(columns.size() == 2);
  CHECK(columns[0].name() == "b_weighted_by_w_shared_embedding");
  CHECK(columns[1].name() == "a_shared_embedding");
  CHECK(columns[0].shared_embedding_collection_name() == "a_b_weighted_by_w_shared_embedding");
  CHECK(table_of(columns[0]) == table_of(columns[1]));
  CHECK(table_of(columns[0])->num_buckets == 5);
  CHECK(columns[0].width() == 3);

  const auto capitals =
      shared_embeddings({identity("b"), identity("B"), identity("_"), identity("1")}, {.dimension = 3});
  CHECK(capitals[0].shared_embedding_collection_name() == "1_B___b_shared_embedding");
  const auto named =
      shared_embeddings({identity("a")}, {.dimension = 3, .shared_embedding_collection_name = "my/table"});
  CHECK(named[0].shared_embedding_collection_name() == "my/table");
  CHECK(table_of(embedding_column(identity("a"), {.dimension = 2})) !=
        table_of(embedding_column(identity("a"), {.dimension = 2})));
}

TEST_CASE("shared embeddings: bad arguments") {
  using namespace weft;
  const auto refuses = [](const std::vector<CategoricalColumn>& columns, const SharedEmbeddingOptions& options,
                          const char* text) {
    CHECK_THROWS_WITH_AS(shared_embedding_columns(columns, options), doctest::Contains(text), ValueError);
    CHECK_THROWS_WITH_AS(shared_embeddings(columns, options), doctest::Contains(text), ValueError);
  };
  const std::vector<CategoricalColumn> ab = {identity("a"), identity("b")};
  refuses(ab, {}, "Invalid dimension None.");
  refuses(ab, {.dimension = 0}, "Invalid dimension 0.");
  refuses(ab, {.dimension = -1}, "Invalid dimension -1.");
  const char* both = "Must specify both `ckpt_to_load_from` and `tensor_name_in_ckpt` or none of them";
  refuses(ab, {.dimension = 3, .ckpt_to_load_from = "x"}, both);
  refuses(ab, {.dimension = 3, .tensor_name_in_ckpt = "x"}, both);
  refuses(ab, {.dimension = 3, .initializer = Initializer{}}, "initializer must be callable if specified.");
  refuses({}, {.dimension = 3}, "categorical_columns must not be empty");
  refuses({identity("a"), identity("b", 6)}, {.dimension = 3},
          "with buckets: 5 does  not match column: IdentityCategoricalColumn(key='b', number_buckets=6, "
          "default_value=None) with buckets: 6");
  const auto words = categorical_column_with_vocabulary_list({.key = "b", .vocabulary_list = {"ant", "bee", "cat"}});
  refuses(
      {identity("a"), words}, {.dimension = 3},
      "does not match given column: VocabularyListCategoricalColumn(key='b', vocabulary_list=('ant', 'bee', 'cat'), "
      "dtype=tf.string, default_value=-1, num_oov_buckets=0) of type: VocabularyListCategoricalColumn");
}

TEST_CASE("shared embeddings: weighted, sequence, and other words of the same number may share") {
  using namespace weft;
  const auto list = [](const char* key, std::initializer_list<std::string> words) {
    return categorical_column_with_vocabulary_list({.key = key, .vocabulary_list = words});
  };
  CHECK(shared_embeddings({list("a", {"x", "y"}), list("b", {"p", "q"})}, {.dimension = 3}).size() == 2);
  const auto sequence = sequence_categorical_column_with_identity({.key = "a", .num_buckets = 5});
  CHECK(shared_embedding_columns({sequence, identity("b")}, {.dimension = 3}).size() == 2);
  CHECK(shared_embedding_columns({identity("a"), identity("a")}, {.dimension = 3}).size() == 2);
}

TEST_CASE("embedding column: bad arguments, combiner by name") {
  using namespace weft;
  CHECK_THROWS_WITH_AS(embedding_column(identity("a"), {.dimension = 2, .initializer = Initializer{}}),
                       doctest::Contains("initializer must be callable if specified. Embedding of column_name: a"),
                       ValueError);
  CHECK_THROWS_WITH_AS(embedding_column(identity("a"), {.dimension = 0}), doctest::Contains("Invalid dimension 0."),
                       ValueError);
  CHECK(combiner_of("sqrtn") == Combiner::sqrtn);
  CHECK_THROWS_WITH_AS(combiner_of("max"),
                       doctest::Contains("combiner must be one of 'mean', 'sqrtn' or 'sum', got max"), ValueError);
}
