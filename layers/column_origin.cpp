// ColumnParts::origin: from a row of a table back to the value of an example that reads it.
#include <weft/layers/column_parts.h>
#include <weft/layers/input_columns.h>
#include <weft/layers/input_layer.h>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <span>

namespace weft {
namespace {

// The feature whose values are the column's ids; empty for a cross.
std::string id_key(const CategoricalColumn& column) {
  if (const auto* weighted = column.get_if<WeightedColumn>()) return id_key(*weighted->categorical_column);
  if (const auto* sequence = column.get_if<SequenceColumn>()) return id_key(*sequence->categorical_column);
  if (const auto* bucketized = column.get_if<BucketizedColumn>()) return bucketized->source_column.key;
  if (column.get_if<CrossedColumn>() != nullptr) return {};
  return column.parse_spec().begin()->first;
}

std::string text_of(const Feature& feature, size_t place) {
  if (feature.type == DataType::string) return std::string(feature.strings[place]);
  if (is_integer(feature.type)) return fmt::format("{}", feature.integers[place]);
  return fmt::format("{}", feature.floats[place]);
}

// What a dense feature is padded with has no id.
bool is_padding(const Feature& feature, size_t place) {
  if (feature.sparse || is_floating(feature.type)) return false;
  return feature.type == DataType::string ? feature.strings[place].empty() : feature.integers[place] == -1;
}

// The value of the id that is number `place` of the example's `count` ids; empty unless there is a value an id.
std::string value_of(const Feature& feature, int64_t example, int64_t place, int64_t count) {
  const int64_t batch = feature.batch();
  if (batch <= example || (feature.sparse && feature.offsets.size() != static_cast<size_t>(batch) + 1)) return {};
  const int64_t each = feature.size() / batch;
  const auto row = static_cast<size_t>(example);
  const int64_t first = feature.sparse ? feature.offsets[row] : example * each;
  const int64_t end = feature.sparse ? feature.offsets[row + 1] : first + each;
  std::vector<size_t> places;
  for (auto i = static_cast<size_t>(first); i < static_cast<size_t>(end); ++i) {
    if (!is_padding(feature, i)) places.push_back(i);
  }
  return places.size() == static_cast<size_t>(count) ? text_of(feature, places[static_cast<size_t>(place)]) : "";
}

}  // namespace

std::optional<RowOrigin> ColumnParts::origin(const Parameter& table, int64_t row, const Features& features,
                                             int64_t example) const {
  std::vector<Ids> all;
  ids_.make(features, all);
  for (const ColumnPart& part : parts_) {
    if (part.table != &table) continue;
    const Ids& ids = all[part.ids];
    if (example >= ids.batch()) continue;
    const int64_t first = ids.offsets[static_cast<size_t>(example)],
                  end = ids.offsets[static_cast<size_t>(example) + 1];
    const auto bag = std::span(ids.ids).subspan(static_cast<size_t>(first), static_cast<size_t>(end - first));
    const auto found = std::ranges::find(bag, row);
    if (found == bag.end()) continue;
    RowOrigin origin{.column = part.name, .feature = id_key(*categorical_of(part.column)), .value = {}};
    if (const Feature* feature = features.find(origin.feature))
      origin.value = value_of(*feature, example, found - bag.begin(), end - first);
    return origin;
  }
  return std::nullopt;
}

TEST_CASE("row origin: the column, the feature and the value that read a row of a shared table") {
  ParameterStore params;
  const auto column = [](const char* key) {
    return categorical_column_with_vocabulary_list({.key = key, .vocabulary_list = {"ann", "bob", "eve"}});
  };
  const InputLayer layer(params, shared_embedding_columns({column("a"), column("b")}, {.dimension = 2}));
  const Parameter& table = *params.begin();
  Features features;
  features["a"] = sparse_feature(std::vector<std::vector<std::string_view>>{{"ann"}, {"none", "bob"}});
  features["b"].type = DataType::string;
  features["b"].shape = {2, 2};
  features["b"].strings = {"", "eve", "eve", "ann"};
  const auto bob = layer.origin(table, 1, features, 1), eve = layer.origin(table, 2, features, 0);
  REQUIRE(bob);
  CHECK(bob->column == "a_shared_embedding");
  CHECK(bob->feature == "a");
  CHECK(bob->value == "bob");
  REQUIRE(eve);
  CHECK(eve->feature == "b");
  CHECK(eve->value == "eve");
  CHECK_FALSE(layer.origin(table, 1, features, 0));
  CHECK_FALSE(layer.origin(table, 1, features, 5));
}

TEST_CASE("row origin: a cross has no feature of its own, a bucket a number") {
  ParameterStore params;
  const auto cross = crossed_column({"a", "n"}, {.hash_bucket_size = 1});
  const auto bucket = bucketized_column(numeric_column({.key = "x"}), {0.0f, 1.0f});
  const InputLayer layer(params,
                         {embedding_column(cross, {.dimension = 2}), embedding_column(bucket, {.dimension = 2})});
  Features features;
  features["a"] = sparse_feature(std::vector<std::vector<std::string_view>>{{"ann"}});
  features["n"] = sparse_feature(std::vector<std::vector<int64_t>>{{7}});
  features["x"] = dense_feature(std::vector<float>{0.5f});
  const auto crossed = layer.origin(*params.find("input_layer/a_X_n_embedding/embedding_weights"), 0, features, 0);
  REQUIRE(crossed);
  CHECK(crossed->column == "a_X_n_embedding");
  CHECK(crossed->feature.empty());
  CHECK(crossed->value.empty());
  const auto in_bucket =
      layer.origin(*params.find("input_layer/x_bucketized_embedding/embedding_weights"), 1, features, 0);
  REQUIRE(in_bucket);
  CHECK(in_bucket->value == "0.5");
}

}  // namespace weft
