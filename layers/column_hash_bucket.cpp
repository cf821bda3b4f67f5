// categorical_column_with_hash_bucket: ids are fingerprint64(value) mod hash_bucket_size.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/io/vocabulary.h>
#include <weft/layers/column_kinds.h>
#include <weft/layers/column_text.h>

namespace weft {

CategoricalColumn categorical_column_with_hash_bucket(HashBucketColumn column) {
  constexpr const char* where = "categorical_column_with_hash_bucket";
  if (!column.hash_bucket_size) {
    throw ValueError(
        fmt::format("[{}] hash_bucket_size must be set. key: {}. Give the number of ids.", where, column.key));
  }
  if (*column.hash_bucket_size < 1) {
    throw ValueError(
        fmt::format("[{}] hash_bucket_size must be at least 1. hash_bucket_size: {}, key: {}. Give the "
                    "number of ids.",
                    where, *column.hash_bucket_size, column.key));
  }
  check_string_or_integer(column.dtype, column.key, "", where);
  return CategoricalColumn(std::move(column));
}

void check_value_type(std::string_view key, DataType column, DataType feature) {
  if (is_integer(column) == is_integer(feature)) return;
  throw ValueError(
      fmt::format("[input] Column dtype and SparseTensors dtype must be compatible. key: {}, column dtype: {}, tensor "
                  "dtype: {}. Give the column the feature's dtype.",
                  key, dtype_text(column), dtype_text(feature)));
}

void hash_bucket_ids(const HashBucketColumn& column, const Features& features, Ids& out) {
  const Feature& feature = categorical_feature(features, column.key);
  check_string_or_integer(feature.type, column.key, " input_tensor", "input");
  check_value_type(column.key, column.dtype, feature.type);
  const int64_t buckets = *column.hash_bucket_size;
  out.weights.clear();
  if (feature.type == DataType::string) {
    out.ids.resize(feature.strings.size());
    for (size_t i = 0; i < out.ids.size(); ++i) out.ids[i] = hash_bucket(feature.strings[i], buckets);
  } else {
    out.ids.resize(feature.integers.size());
    for (size_t i = 0; i < out.ids.size(); ++i) out.ids[i] = hash_bucket(feature.integers[i], buckets);
  }
  lay_rows(feature, out);
}

}  // namespace weft

namespace {
using WordRows = std::vector<std::vector<std::string_view>>;
}  // namespace

TEST_CASE("hash bucket column: hashes of tf.strings.to_hash_bucket_fast, dense '' and -1 dropped") {
  using namespace weft;
  Features features;
  features["a"] = sparse_feature(WordRows{{"bee", "zzz"}, {}, {"dog", ""}});
  Ids ids;
  hash_bucket_ids({.key = "a", .hash_bucket_size = 10}, features, ids);
  CHECK(ids.offsets == std::vector<int64_t>{0, 2, 2, 4});
  CHECK(ids.ids == std::vector<int64_t>{8, 0, 2, 3});

  Feature& a = features["a"];
  a.sparse = false;
  a.shape = {2, 2};
  hash_bucket_ids({.key = "a", .hash_bucket_size = 10}, features, ids);
  CHECK(ids.offsets == std::vector<int64_t>{0, 2, 3});
  CHECK(ids.ids == std::vector<int64_t>{8, 0, 2});

  features["n"] = dense_feature(std::vector<int64_t>{1, -1, -2, 5, 1000000000000000});
  hash_bucket_ids({.key = "n", .hash_bucket_size = 10, .dtype = DataType::int64}, features, ids);
  CHECK(ids.ids == std::vector<int64_t>{9, 5, 1, 8});
}

TEST_CASE("hash bucket column: bad arguments and features") {
  using namespace weft;
  const auto made = [](HashBucketColumn c) { return categorical_column_with_hash_bucket(std::move(c)); };
  CHECK_THROWS_WITH_AS(made({.key = "a"}), doctest::Contains("hash_bucket_size must be set. key: a"), ValueError);
  CHECK_THROWS_WITH_AS(made({.key = "a", .hash_bucket_size = 0}),
                       doctest::Contains("hash_bucket_size must be at least 1. hash_bucket_size: 0, key: a"),
                       ValueError);
  CHECK_THROWS_WITH_AS(made({.key = "a", .hash_bucket_size = 3, .dtype = DataType::float32}),
                       doctest::Contains("column_name: a dtype must be string or integer. dtype: <dtype: 'float32'>."),
                       ValueError);
  Features features;
  Ids ids;
  features["a"] = dense_feature(std::vector<int64_t>{1});
  CHECK_THROWS_WITH_AS(hash_bucket_ids({.key = "a", .hash_bucket_size = 3}, features, ids),
                       doctest::Contains("key: a, column dtype: <dtype: 'string'>, tensor dtype: <dtype: 'int64'>"),
                       ValueError);
  features["a"] = dense_feature(std::vector<float>{1});
  CHECK_THROWS_WITH_AS(hash_bucket_ids({.key = "a", .hash_bucket_size = 3}, features, ids),
                       doctest::Contains("column_name: a input_tensor dtype must be string or integer."), ValueError);
}
