// Feature columns: names, widths and what they parse.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/layers/column_kinds.h>

namespace weft {
namespace {

std::string name_of(const NumericColumn& c) {
  return c.key;
}
std::string name_of(const SequenceNumericColumn& c) {
  return c.key;
}
std::string name_of(const CategoricalColumn& c) {
  return c.name();
}
std::string name_of(const IndicatorColumn& c) {
  return c.categorical_column.name() + "_indicator";
}
std::string name_of(const EmbeddingColumn& c) {
  return c.categorical_column.name() + (c.table->shared() ? "_shared_embedding" : "_embedding");
}

int64_t width_of(const NumericColumn& c) {
  return c.width();
}
int64_t width_of(const SequenceNumericColumn& c) {
  return c.width();
}
int64_t width_of(const CategoricalColumn& c) {
  if (c.get_if<BucketizedColumn>() != nullptr) return c.num_buckets();
  throw ValueError(
      fmt::format("[input] Items of feature_columns must be a DenseColumn. You can wrap a categorical "
                  "column with an embedding_column or indicator_column. Given: {}.",
                  describe(c)));
}
int64_t width_of(const IndicatorColumn& c) {
  return c.categorical_column.num_buckets();
}
int64_t width_of(const EmbeddingColumn& c) {
  return c.table->dimension;
}

ParseSpec spec_of(const NumericColumn& c) {
  return numeric_spec(c);
}
ParseSpec spec_of(const SequenceNumericColumn& c) {
  return {{c.key, VarLenFeature{c.dtype}}};
}
ParseSpec spec_of(const CategoricalColumn& c) {
  return c.parse_spec();
}
ParseSpec spec_of(const IndicatorColumn& c) {
  return c.categorical_column.parse_spec();
}
ParseSpec spec_of(const EmbeddingColumn& c) {
  return c.categorical_column.parse_spec();
}

}  // namespace

std::string FeatureColumn::name() const {
  return std::visit([](const auto& kind) { return name_of(kind); }, kind_);
}
int64_t FeatureColumn::width() const {
  return std::visit([](const auto& kind) { return width_of(kind); }, kind_);
}
ParseSpec FeatureColumn::parse_spec() const {
  return std::visit([](const auto& kind) { return spec_of(kind); }, kind_);
}
std::string FeatureColumn::shared_embedding_collection_name() const {
  const auto* embedding = get_if<EmbeddingColumn>();
  return embedding != nullptr && embedding->table->shared() ? embedding->table->name : std::string();
}

}  // namespace weft

TEST_CASE("feature columns: lists are written in any mixture") {
  using namespace weft;
  const auto a = categorical_column_with_identity({.key = "a", .num_buckets = 5});
  const auto p = bucketized_column(numeric_column({.key = "p", .shape = {2}}), {0, 1});
  const auto shared = shared_embeddings({a}, {.dimension = 3});
  const FeatureColumns inner = {numeric_column({.key = "x", .shape = {4}}), shared};
  const FeatureColumns columns = {inner, p, indicator_column(a), embedding_column(a, {.dimension = 2})};
  std::vector<std::string> names;
  std::vector<int64_t> widths;
  for (const FeatureColumn& column : columns) {
    names.push_back(column.name());
    widths.push_back(column.width());
  }
  CHECK(names == std::vector<std::string>{"x", "a_shared_embedding", "p_bucketized", "a_indicator", "a_embedding"});
  CHECK(widths == std::vector<int64_t>{4, 3, 6, 5, 2});
  CHECK_THROWS_WITH_AS(FeatureColumn(a).width(), doctest::Contains("must be a DenseColumn"), ValueError);
}
