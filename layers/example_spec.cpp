// make_parse_example_spec and classifier_parse_example_spec: what feature columns read of an Example.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/layers/column_text.h>

namespace weft {

ParseSpec make_parse_example_spec(const FeatureColumns& columns) {
  ParseSpec spec;
  for (const FeatureColumn& column : columns) {
    for (const auto& [key, feature] : column.parse_spec()) {
      const auto [place, added] = spec.emplace(key, feature);
      if (added || place->second == feature) continue;
      throw ValueError(
          fmt::format("[make_parse_example_spec] feature_columns contain different parse_spec for key {}. "
                      "Given {} and {}. Give columns of one feature one form.",
                      key, describe(feature), describe(place->second)));
    }
  }
  return spec;
}

namespace {

void add_beside(ParseSpec& spec, const char* what, const char* argument, const std::string& key, FeatureSpec feature) {
  if (spec.emplace(key, std::move(feature)).second) return;
  std::string keys;
  for (const auto& [name, unused] : spec) keys += fmt::format("{}'{}'", keys.empty() ? "" : ", ", name);
  throw ValueError(
      fmt::format("[classifier_parse_example_spec] {} should not be used as feature. {}: {}, features: "
                  "dict_keys([{}]). Leave it out of the columns.",
                  what, argument, key, keys));
}

}  // namespace

ParseSpec classifier_parse_example_spec(const FeatureColumns& columns, const ClassifierSpecOptions& options) {
  ParseSpec spec = make_parse_example_spec(columns);
  const FixedLenFeature label{.shape = {1}, .type = options.label_dtype, .default_value = options.label_default};
  add_beside(spec, "label", "label_key", options.label_key, label);
  if (!options.weight_column.empty()) {
    add_beside(spec, "weight_column", "weight_column", options.weight_column, FixedLenFeature{.shape = {1}});
  }
  return spec;
}

}  // namespace weft

TEST_CASE("parse spec: columns and a label") {
  using namespace weft;
  const auto a = categorical_column_with_identity({.key = "a", .num_buckets = 5});
  const auto b = categorical_column_with_identity({.key = "b", .num_buckets = 5});
  const auto shared =
      shared_embedding_columns({weighted_categorical_column(a, {.weight_feature_key = "w"}), b}, {.dimension = 3});
  const ParseSpec wanted = {{"a", VarLenFeature{DataType::int64}},
                            {"b", VarLenFeature{DataType::int64}},
                            {"clicked", FixedLenFeature{{1}, DataType::float32}},
                            {"w", VarLenFeature{DataType::float32}}};
  CHECK(make_parse_example_spec(shared, numeric_column({.key = "clicked"})) == wanted);
  CHECK(make_parse_example_spec({shared, b, numeric_column({.key = "clicked"}), indicator_column(b)}) == wanted);
  CHECK(make_parse_example_spec({}).empty());
}

TEST_CASE("parse spec: one feature in two forms is refused") {
  using namespace weft;
  const auto hashed = categorical_column_with_hash_bucket({.key = "x", .hash_bucket_size = 5});
  CHECK_THROWS_WITH_AS(
      make_parse_example_spec(numeric_column({.key = "x"}), hashed),
      doctest::Contains("feature_columns contain different parse_spec for key x. Given VarLenFeature(dtype=tf.string) "
                        "and FixedLenFeature(shape=(1,), dtype=tf.float32, default_value=None)"),
      ValueError);
  CHECK_THROWS_AS(make_parse_example_spec(hashed, categorical_column_with_identity({.key = "x", .num_buckets = 5})),
                  ValueError);
}

TEST_CASE("parse spec: a classifier's label and weights are no features") {
  using namespace weft;
  const FeatureColumns columns =
      embedding_column(categorical_column_with_identity({.key = "a", .num_buckets = 5}), {.dimension = 2});
  const auto spec = classifier_parse_example_spec(
      columns, {.label_key = "y", .label_default = FixedLenFeature::Default{.integers = {0}}, .weight_column = "w"});
  CHECK(spec.at("y") == FeatureSpec(FixedLenFeature{{1}, DataType::int64, FixedLenFeature::Default{.integers = {0}}}));
  CHECK(spec.at("w") == FeatureSpec(FixedLenFeature{{1}, DataType::float32}));
  CHECK_THROWS_WITH_AS(
      classifier_parse_example_spec(columns, {.label_key = "a"}),
      doctest::Contains("label should not be used as feature. label_key: a, features: dict_keys(['a'])"), ValueError);
  CHECK_THROWS_WITH_AS(classifier_parse_example_spec(columns, {.label_key = "y", .weight_column = "y"}),
                       doctest::Contains("weight_column should not be used as feature. weight_column: y"), ValueError);
}
