// ColumnIds: a list of steps, one a column, each after the columns that it is made of.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/io/vocabulary.h>
#include <weft/layers/column_ids.h>
#include <weft/layers/column_kinds.h>

#include <array>
#include <optional>

namespace weft {

struct ColumnIds::Step {
  /// Absent: the values of feature `key`, which are crossed as they are.
  std::optional<CategoricalColumn> column;
  std::string key;
  std::shared_ptr<const Vocabulary> vocabulary;
  /// Places of what it is made of.
  std::vector<size_t> inputs;
};

ColumnIds::ColumnIds() = default;
ColumnIds::ColumnIds(ColumnIds&&) noexcept = default;
ColumnIds& ColumnIds::operator=(ColumnIds&&) noexcept = default;
ColumnIds::~ColumnIds() = default;

// The vocabulary of a column that is equal but for its key, or a newly loaded one.
template <class Column>
std::shared_ptr<const Vocabulary> ColumnIds::load(const Column& column) const {
  for (const auto& step : steps_) {
    const auto* other = step->column ? step->column->template get_if<Column>() : nullptr;
    if (other == nullptr) continue;
    Column same = *other;
    same.key = column.key;
    if (same == column) return step->vocabulary;
  }
  return std::make_shared<const Vocabulary>(load_vocabulary(column));
}

size_t ColumnIds::add_values(const std::string& key) {
  for (size_t i = 0; i < steps_.size(); ++i) {
    if (!steps_[i]->column && steps_[i]->key == key) return i;
  }
  steps_.push_back(std::make_unique<const Step>(Step{.column = {}, .key = key, .vocabulary = nullptr, .inputs = {}}));
  return steps_.size() - 1;
}

std::vector<size_t> ColumnIds::add_leaves(const CrossedColumn& cross) {
  std::vector<size_t> places;
  for (const CrossedKey& leaf : cross_leaves(cross)) {
    if (leaf.column && leaf.column->get_if<WeightedColumn>() != nullptr) {
      throw ValueError(
          fmt::format("[crossed_column] crossed_column does not support weight_tensor, but the given column "
                      "populates weight_tensor. Given column: {}. Cross the column that is weighted.",
                      leaf.column->name()));
    }
    places.push_back(leaf.column ? add(*leaf.column) : add_values(leaf.key));
  }
  return places;
}

size_t ColumnIds::add(const CategoricalColumn& column) {
  if (const auto* sequence = column.get_if<SequenceColumn>()) return add(*sequence->categorical_column);
  for (size_t i = 0; i < steps_.size(); ++i) {
    if (steps_[i]->column && *steps_[i]->column == column) return i;
  }
  Step step{.column = column, .key = {}, .vocabulary = nullptr, .inputs = {}};
  if (const auto* file = column.get_if<VocabularyFileColumn>()) step.vocabulary = load(*file);
  if (const auto* list = column.get_if<VocabularyListColumn>()) step.vocabulary = load(*list);
  if (const auto* weighted = column.get_if<WeightedColumn>()) step.inputs = {add(*weighted->categorical_column)};
  if (const auto* cross = column.get_if<CrossedColumn>()) step.inputs = add_leaves(*cross);
  steps_.push_back(std::make_unique<const Step>(std::move(step)));
  return steps_.size() - 1;
}

void ColumnIds::make_crossed(const Step& step, const Features& features, std::vector<Ids>& ids, Ids& out) const {
  // Few things are crossed: their list needs no memory of its own then.
  std::array<CrossedInput, 8> few;
  std::vector<CrossedInput> many;
  std::span<CrossedInput> inputs(few.data(), std::min(few.size(), step.inputs.size()));
  if (step.inputs.size() > few.size()) {
    many.resize(step.inputs.size());
    inputs = many;
  }
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Step& input = *steps_[step.inputs[i]];
    inputs[i] = {.ids = &ids[step.inputs[i]], .dense = !input.column && !features.at(input.key).sparse};
  }
  crossed_ids(*step.column->get_if<CrossedColumn>(), inputs, out);
}

void ColumnIds::make(const Features& features, std::vector<Ids>& ids) const {
  if (ids.size() < steps_.size()) ids.resize(steps_.size());
  for (size_t i = 0; i < steps_.size(); ++i) {
    const Step& step = *steps_[i];
    Ids& out = ids[i];
    if (!step.column) {
      cross_values(step.key, features, out);
    } else if (const auto* file = step.column->get_if<VocabularyFileColumn>()) {
      vocabulary_ids(file->key, file->dtype, *step.vocabulary, features, out);
    } else if (const auto* list = step.column->get_if<VocabularyListColumn>()) {
      vocabulary_ids(list->key, *list->dtype, *step.vocabulary, features, out);
    } else if (const auto* identity = step.column->get_if<IdentityColumn>()) {
      identity_ids(*identity, features, out);
    } else if (const auto* hashed = step.column->get_if<HashBucketColumn>()) {
      hash_bucket_ids(*hashed, features, out);
    } else if (const auto* bucketized = step.column->get_if<BucketizedColumn>()) {
      bucketized_ids(*bucketized, features, out);
    } else if (const auto* weighted = step.column->get_if<WeightedColumn>()) {
      weighted_ids(*weighted, features, ids[step.inputs[0]], out);
    } else {
      make_crossed(step, features, ids, out);
    }
  }
}

}  // namespace weft

namespace {
using IntegerRows = std::vector<std::vector<int64_t>>;
using FloatRows = std::vector<std::vector<float>>;
using WordRows = std::vector<std::vector<std::string_view>>;
}  // namespace

TEST_CASE("column ids: equal columns have one place, weights and their column two") {
  using namespace weft;
  const auto a = categorical_column_with_identity({.key = "a", .num_buckets = 5});
  ColumnIds columns;
  const size_t weighted = columns.add(weighted_categorical_column(a, {.weight_feature_key = "w"}));
  const size_t plain = columns.add(categorical_column_with_identity({.key = "a", .num_buckets = 5}));
  CHECK(columns.size() == 2);
  CHECK(plain != weighted);

  Features features;
  features["a"] = sparse_feature(IntegerRows{{1}, {2}});
  features["w"] = sparse_feature(FloatRows{{0.5f}, {2.0f}});
  std::vector<Ids> ids;
  columns.make(features, ids);
  CHECK(ids[plain].ids == std::vector<int64_t>{1, 2});
  CHECK_FALSE(ids[plain].weighted());
  CHECK(ids[weighted].ids == std::vector<int64_t>{1, 2});
  CHECK(ids[weighted].weights == std::vector<float>{0.5f, 2.0f});
}

TEST_CASE("column ids: nested crosses are opened and their leaves shared") {
  using namespace weft;
  const auto n = categorical_column_with_identity({.key = "n", .num_buckets = 9});
  const auto inner = crossed_column({"b", n}, {.hash_bucket_size = 3, .hash_key = 5});
  ColumnIds columns;
  const size_t nested = columns.add(crossed_column({"a", inner}, {.hash_bucket_size = 1000}));
  const size_t flat = columns.add(crossed_column({"a", "b", n}, {.hash_bucket_size = 1000}));
  CHECK(columns.size() == 5);

  Features features;
  features["a"] = sparse_feature(WordRows{{"x", "y"}, {}});
  features["b"] = sparse_feature(WordRows{{"p"}, {"q"}});
  features["n"] = sparse_feature(IntegerRows{{1, 2}, {3}});
  std::vector<Ids> ids;
  columns.make(features, ids);
  CHECK(ids[nested].offsets == std::vector<int64_t>{0, 4, 4});
  CHECK(ids[nested].ids == ids[flat].ids);
  CHECK_THROWS_WITH_AS(columns.add(crossed_column({"a", weighted_categorical_column(n, {.weight_feature_key = "w"})},
                                                  {.hash_bucket_size = 5})),
                       doctest::Contains("Given column: n_weighted_by_w"), ValueError);
}

TEST_CASE("column ids: memory is used again, and nothing of the last batch is left") {
  using namespace weft;
  ColumnIds columns;
  columns.add(categorical_column_with_hash_bucket({.key = "a", .hash_bucket_size = 10, .dtype = DataType::int64}));
  Features features;
  std::vector<Ids> ids;
  features["a"] = sparse_feature(IntegerRows{{1, 5}, {1}});
  columns.make(features, ids);
  const int64_t* place = ids[0].ids.data();
  features["a"] = sparse_feature(IntegerRows{{}, {5}});
  columns.make(features, ids);
  CHECK(ids[0].ids.data() == place);
  CHECK(ids[0].ids == std::vector<int64_t>{1});
  CHECK(ids[0].offsets == std::vector<int64_t>{0, 0, 1});
}
