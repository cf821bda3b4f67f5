// categorical_column_with_identity: the values are the ids.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/layers/column_kinds.h>
#include <weft/layers/column_text.h>

namespace weft {

CategoricalColumn categorical_column_with_identity(IdentityColumn column) {
  constexpr const char* where = "[categorical_column_with_identity]";
  if (column.num_buckets < 1) {
    throw ValueError(fmt::format("{} num_buckets {} < 1, column_name {}. Give the number of ids.", where,
                                 column.num_buckets, column.key));
  }
  if (column.default_value && (*column.default_value < 0 || *column.default_value >= column.num_buckets)) {
    throw ValueError(fmt::format("{} default_value {} not in range [0, {}), column_name {}. Give one of the ids.",
                                 where, *column.default_value, column.num_buckets, column.key));
  }
  return CategoricalColumn(std::move(column));
}

void identity_ids(const IdentityColumn& column, const Features& features, Ids& out) {
  const Feature& feature = categorical_feature(features, column.key);
  if (!is_integer(feature.type)) {
    throw ValueError(
        fmt::format("[categorical_column_with_identity] Invalid input, not integer. key: {} dtype: {}. Give integers.",
                    column.key, dtype_text(feature.type)));
  }
  out.weights.clear();
  out.ids.assign(feature.integers.begin(), feature.integers.end());
  lay_rows(feature, out);
  out.out_of_vocabulary = 0;
  if (!column.default_value) return;
  const auto buckets = static_cast<uint64_t>(column.num_buckets);
  for (int64_t& id : out.ids) {
    // Negative ids are out of range too: as unsigned numbers they are large.
    if (static_cast<uint64_t>(id) < buckets) continue;
    id = *column.default_value;
    ++out.out_of_vocabulary;
  }
}

}  // namespace weft

namespace {
using IntegerRows = std::vector<std::vector<int64_t>>;
}  // namespace

TEST_CASE("identity column: dense -1 is dropped, other ids pass through") {
  using namespace weft;
  const IdentityColumn column{.key = "a", .num_buckets = 5};
  Features features;
  Feature& a = features["a"];
  a = dense_feature(std::vector<int64_t>{1, -1, -2, -1, -1, 7});
  a.shape = {2, 3};
  Ids ids;
  identity_ids(column, features, ids);
  CHECK(ids.offsets == std::vector<int64_t>{0, 2, 3});
  CHECK(ids.ids == std::vector<int64_t>{1, -2, 7});

  a.shape = {6};  // rank 1 gets a second axis
  identity_ids(column, features, ids);
  CHECK(ids.offsets == std::vector<int64_t>{0, 1, 1, 2, 2, 2, 3});

  a = sparse_feature(IntegerRows{{-1, 2}, {}, {9}});
  identity_ids(column, features, ids);
  CHECK(ids.offsets == std::vector<int64_t>{0, 2, 2, 3});
  CHECK(ids.ids == std::vector<int64_t>{-1, 2, 9});
  CHECK_FALSE(ids.weighted());
}

TEST_CASE("identity column: default_value replaces all ids out of range, after -1 is dropped") {
  using namespace weft;
  const IdentityColumn column{.key = "a", .num_buckets = 5, .default_value = 3};
  Features features;
  features["a"] = dense_feature(std::vector<int64_t>{5, -1, -2, 4});
  features["a"].shape = {2, 2};
  Ids ids;
  identity_ids(column, features, ids);
  CHECK(ids.offsets == std::vector<int64_t>{0, 1, 3});
  CHECK(ids.ids == std::vector<int64_t>{3, 3, 4});
  CHECK(ids.out_of_vocabulary == 2);
}

TEST_CASE("identity column: bad arguments and features") {
  using namespace weft;
  const auto made = [](IdentityColumn c) { return categorical_column_with_identity(std::move(c)); };
  CHECK_THROWS_WITH_AS(made({.key = "a", .num_buckets = 0}), doctest::Contains("num_buckets 0 < 1, column_name a"),
                       ValueError);
  for (const int64_t value : {-1, 3}) {
    CHECK_THROWS_WITH_AS(made({.key = "a", .num_buckets = 3, .default_value = value}),
                         doctest::Contains("not in range [0, 3), column_name a"), ValueError);
  }
  CHECK(made({.key = "a", .num_buckets = 3, .default_value = 2}).num_buckets() == 3);
  Features features;
  features["a"] = dense_feature(std::vector<float>{1});
  Ids ids;
  CHECK_THROWS_WITH_AS(identity_ids({.key = "a", .num_buckets = 3}, features, ids),
                       doctest::Contains("Invalid input, not integer. key: a dtype: <dtype: 'float32'>"), ValueError);
}
