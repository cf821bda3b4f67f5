// Categorical columns: names, sizes, what they parse, equality.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/layers/column_kinds.h>
#include <weft/layers/column_text.h>

#include <algorithm>

namespace weft {
namespace {

bool same(const std::shared_ptr<const CategoricalColumn>& a, const std::shared_ptr<const CategoricalColumn>& b) {
  return a == b || (a && b && *a == *b);
}

// The leaves' names, nested crosses opened.
void cross_names(const CrossedColumn& column, std::vector<std::string>& out) {
  for (const CrossedKey& key : column.keys) {
    const auto* inner = key.column ? key.column->get_if<CrossedColumn>() : nullptr;
    if (inner != nullptr) {
      cross_names(*inner, out);
    } else {
      out.push_back(key.column ? key.column->name() : key.key);
    }
  }
}

template <class Column>
std::string name_of(const Column& c) {
  return c.key;
}
std::string name_of(const BucketizedColumn& c) {
  return c.source_column.key + "_bucketized";
}
std::string name_of(const WeightedColumn& c) {
  return c.categorical_column->name() + "_weighted_by_" + c.weight_feature_key;
}
std::string name_of(const SequenceColumn& c) {
  return c.categorical_column->name();
}
std::string name_of(const CrossedColumn& c) {
  std::vector<std::string> names;
  cross_names(c, names);
  std::sort(names.begin(), names.end());
  return fmt::format("{}", fmt::join(names, "_X_"));
}

int64_t buckets_of(const VocabularyFileColumn& c) {
  return c.vocabulary_size.value_or(0) + c.num_oov_buckets;
}
int64_t buckets_of(const VocabularyListColumn& c) {
  return static_cast<int64_t>(c.vocabulary_list.strings.size() + c.vocabulary_list.integers.size()) + c.num_oov_buckets;
}
int64_t buckets_of(const IdentityColumn& c) {
  return c.num_buckets;
}
int64_t buckets_of(const HashBucketColumn& c) {
  return c.hash_bucket_size.value_or(0);
}
int64_t buckets_of(const BucketizedColumn& c) {
  return static_cast<int64_t>(c.boundaries.size() + 1) * c.source_column.width();
}
int64_t buckets_of(const WeightedColumn& c) {
  return c.categorical_column->num_buckets();
}
int64_t buckets_of(const CrossedColumn& c) {
  return c.hash_bucket_size;
}
int64_t buckets_of(const SequenceColumn& c) {
  return c.categorical_column->num_buckets();
}

ParseSpec spec_of(const VocabularyFileColumn& c) {
  return {{c.key, VarLenFeature{c.dtype}}};
}
ParseSpec spec_of(const VocabularyListColumn& c) {
  return {{c.key, VarLenFeature{*c.dtype}}};
}
ParseSpec spec_of(const IdentityColumn& c) {
  return {{c.key, VarLenFeature{DataType::int64}}};
}
ParseSpec spec_of(const HashBucketColumn& c) {
  return {{c.key, VarLenFeature{c.dtype}}};
}
ParseSpec spec_of(const BucketizedColumn& c) {
  return numeric_spec(c.source_column);
}
ParseSpec spec_of(const SequenceColumn& c) {
  return c.categorical_column->parse_spec();
}
ParseSpec spec_of(const WeightedColumn& c) {
  ParseSpec spec = c.categorical_column->parse_spec();
  const auto [place, added] = spec.emplace(c.weight_feature_key, VarLenFeature{c.dtype});
  if (!added) {
    throw ValueError(
        fmt::format("[weighted_categorical_column] Parse config {} already exists for {}. Give the weights a feature "
                    "of their own.",
                    describe(place->second), c.weight_feature_key));
  }
  return spec;
}
// A feature that is crossed as it is and through a column takes the form of the last one, as in TensorFlow.
ParseSpec spec_of(const CrossedColumn& c) {
  ParseSpec spec;
  for (const CrossedKey& key : c.keys) {
    const ParseSpec one = key.column ? key.column->parse_spec() : ParseSpec{{key.key, VarLenFeature{DataType::string}}};
    for (const auto& [name, feature] : one) spec.insert_or_assign(name, feature);
  }
  return spec;
}

}  // namespace

bool WeightedColumn::operator==(const WeightedColumn& other) const {
  return weight_feature_key == other.weight_feature_key && dtype == other.dtype &&
         same(categorical_column, other.categorical_column);
}
bool CrossedKey::operator==(const CrossedKey& other) const {
  return key == other.key && same(column, other.column);
}
bool SequenceColumn::operator==(const SequenceColumn& other) const {
  return same(categorical_column, other.categorical_column);
}

std::string CategoricalColumn::name() const {
  return std::visit([](const auto& kind) { return name_of(kind); }, kind_);
}
int64_t CategoricalColumn::num_buckets() const {
  return std::visit([](const auto& kind) { return buckets_of(kind); }, kind_);
}
ParseSpec CategoricalColumn::parse_spec() const {
  return std::visit([](const auto& kind) { return spec_of(kind); }, kind_);
}

namespace {
CategoricalColumn sequence_of(CategoricalColumn column) {
  return CategoricalColumn(SequenceColumn{std::make_shared<const CategoricalColumn>(std::move(column))});
}
}  // namespace

CategoricalColumn sequence_categorical_column_with_vocabulary_file(VocabularyFileColumn column) {
  return sequence_of(categorical_column_with_vocabulary_file(std::move(column)));
}
CategoricalColumn sequence_categorical_column_with_vocabulary_list(VocabularyListColumn column) {
  return sequence_of(categorical_column_with_vocabulary_list(std::move(column)));
}
CategoricalColumn sequence_categorical_column_with_identity(IdentityColumn column) {
  return sequence_of(categorical_column_with_identity(std::move(column)));
}
CategoricalColumn sequence_categorical_column_with_hash_bucket(HashBucketColumn column) {
  return sequence_of(categorical_column_with_hash_bucket(std::move(column)));
}

void check_string_or_integer(DataType type, std::string_view key, const char* what, const char* where) {
  if (is_integer(type) || type == DataType::string) return;
  throw ValueError(
      fmt::format("[{}] column_name: {}{} dtype must be string or integer. dtype: {}. Give it as one of them.", where,
                  key, what, dtype_text(type)));
}

}  // namespace weft

TEST_CASE("categorical column: names follow TensorFlow's") {
  using namespace weft;
  const auto a = categorical_column_with_identity({.key = "a", .num_buckets = 5});
  const auto b = categorical_column_with_identity({.key = "b", .num_buckets = 5});
  const auto p = bucketized_column(numeric_column({.key = "p"}), {0});
  CHECK(a.name() == "a");
  CHECK(p.name() == "p_bucketized");
  CHECK(weighted_categorical_column(a, {.weight_feature_key = "w"}).name() == "a_weighted_by_w");
  CHECK(crossed_column({"u", a}, {.hash_bucket_size = 10}).name() == "a_X_u");
  const auto inner = crossed_column({"u", b}, {.hash_bucket_size = 4});
  CHECK(crossed_column({"v", p, inner}, {.hash_bucket_size = 10}).name() == "b_X_p_bucketized_X_u_X_v");
  CHECK(sequence_categorical_column_with_identity({.key = "s", .num_buckets = 2}).name() == "s");
}

TEST_CASE("categorical column: what it parses") {
  using namespace weft;
  const auto a = categorical_column_with_identity({.key = "a", .num_buckets = 5});
  CHECK(weighted_categorical_column(a, {.weight_feature_key = "w", .dtype = DataType::int64}).parse_spec() ==
        ParseSpec{{"a", VarLenFeature{DataType::int64}}, {"w", VarLenFeature{DataType::int64}}});
  const auto cross = crossed_column(
      {"p", categorical_column_with_vocabulary_list({.key = "p", .vocabulary_list = {1, 2}})}, {.hash_bucket_size = 4});
  CHECK(cross.parse_spec() == ParseSpec{{"p", VarLenFeature{DataType::int64}}});
  CHECK_THROWS_WITH_AS(weighted_categorical_column(a, {.weight_feature_key = "a"}).parse_spec(),
                       doctest::Contains("Parse config VarLenFeature(dtype=tf.int64) already exists for a."),
                       ValueError);
}

TEST_CASE("categorical column: equality looks into nested columns") {
  using namespace weft;
  const auto column = [](int64_t buckets) {
    return weighted_categorical_column(categorical_column_with_identity({.key = "a", .num_buckets = buckets}),
                                       {.weight_feature_key = "w"});
  };
  CHECK(column(5) == column(5));
  CHECK_FALSE(column(5) == column(6));
  CHECK_FALSE(column(5) == *column(5).get_if<WeightedColumn>()->categorical_column);
}
