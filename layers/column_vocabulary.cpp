// categorical_column_with_vocabulary_file and _list: ids are places in a list of words.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/io/vocabulary.h>
#include <weft/layers/column_kinds.h>
#include <weft/layers/column_text.h>

#include <algorithm>
#include <filesystem>
#include <span>
#include <unordered_set>

namespace weft {
namespace {

void check_oov(const char* where, const std::string& key, int64_t num_oov_buckets, bool has_default) {
  if (num_oov_buckets != 0 && has_default) {
    throw ValueError(fmt::format(
        "[{}] Can't specify both num_oov_buckets and default_value in {}. Leave one of them out.", where, key));
  }
  if (num_oov_buckets < 0) {
    throw ValueError(fmt::format("[{}] Invalid num_oov_buckets {} in {}: expected 0 or more. Give their number.", where,
                                 num_oov_buckets, key));
  }
}

template <class Word>
bool has_duplicates(const std::vector<Word>& words) {
  std::unordered_set<Word> seen(words.begin(), words.end());
  return seen.size() != words.size();
}

}  // namespace

CategoricalColumn categorical_column_with_vocabulary_file(VocabularyFileColumn column) {
  constexpr const char* where = "categorical_column_with_vocabulary_file";
  if (column.vocabulary_file.empty()) {
    throw ValueError(fmt::format("[{}] Missing vocabulary_file in {}. Give a path.", where, column.key));
  }
  if (!column.vocabulary_size) {
    std::error_code error;
    if (!std::filesystem::exists(column.vocabulary_file, error)) {
      throw ValueError(fmt::format("[{}] vocabulary_file in {} does not exist: got {}. Give a file of one word a line.",
                                   where, column.key, column.vocabulary_file));
    }
    // An empty file is told below, as a size of 0 is.
    const auto bytes = std::filesystem::file_size(column.vocabulary_file, error);
    column.vocabulary_size = !error && bytes == 0 ? 0 : count_vocabulary(column.vocabulary_file);
  }
  if (*column.vocabulary_size < 1) {
    throw ValueError(
        fmt::format("[{}] Invalid vocabulary_size in {}: got {} for {}, expected at least 1. Give a file "
                    "that has words.",
                    where, column.key, *column.vocabulary_size, column.vocabulary_file));
  }
  check_oov(where, column.key, column.num_oov_buckets, column.default_value.has_value());
  check_string_or_integer(column.dtype, column.key, "", where);
  return CategoricalColumn(std::move(column));
}

CategoricalColumn categorical_column_with_vocabulary_list(VocabularyListColumn column) {
  constexpr const char* where = "categorical_column_with_vocabulary_list";
  const VocabularyList& words = column.vocabulary_list;
  if (words.strings.empty() && words.integers.empty()) {
    throw ValueError(
        fmt::format("[{}] vocabulary_list [] must be non-empty, column_name: {}. Give words.", where, column.key));
  }
  if (has_duplicates(words.strings) || has_duplicates(words.integers)) {
    throw ValueError(fmt::format("[{}] Duplicate keys in vocabulary_list {}, column_name: {}. Give each word once.",
                                 where, words_text(words, '[', ']'), column.key));
  }
  check_oov(where, column.key, column.num_oov_buckets, column.default_value != -1);
  const DataType words_type = words.strings.empty() ? DataType::int64 : DataType::string;
  if (column.dtype && is_integer(*column.dtype) != is_integer(words_type)) {
    throw ValueError(
        fmt::format("[{}] dtype {} and vocabulary dtype {} do not match, column_name: {}. Leave dtype out.", where,
                    dtype_text(*column.dtype), dtype_text(words_type), column.key));
  }
  column.dtype = column.dtype.value_or(words_type);
  check_string_or_integer(*column.dtype, column.key, "", where);
  return CategoricalColumn(std::move(column));
}

Vocabulary load_vocabulary(const VocabularyFileColumn& column) {
  return Vocabulary::from_file(column.vocabulary_file, {.size = column.vocabulary_size.value_or(-1),
                                                        .num_oov_buckets = column.num_oov_buckets,
                                                        .default_value = column.default_value.value_or(-1),
                                                        .integers = is_integer(column.dtype)});
}

Vocabulary load_vocabulary(const VocabularyListColumn& column) {
  VocabularyOptions options{.num_oov_buckets = column.num_oov_buckets, .default_value = column.default_value};
  const VocabularyList& words = column.vocabulary_list;
  if (!words.strings.empty()) return Vocabulary::from_list(words.strings, options);
  options.integers = true;
  return Vocabulary::from_list(words.integers, options);
}

namespace {

// Padding of a dense feature is not out of the vocabulary, it is nothing.
template <class Word>
int64_t unknown_padding(const Feature& feature, const Vocabulary& vocabulary, const std::vector<Word>& values,
                        Word padding) {
  if (feature.sparse) return 0;
  int64_t id = 0;
  if (vocabulary.find(std::span<const Word>(&padding, 1), std::span(&id, 1)) == 0) return 0;
  return std::ranges::count(values, padding);
}

}  // namespace

void vocabulary_ids(std::string_view key, DataType dtype, const Vocabulary& vocabulary, const Features& features,
                    Ids& out) {
  const Feature& feature = categorical_feature(features, key);
  check_value_type(key, dtype, feature.type);
  check_string_or_integer(feature.type, key, " input_tensor", "input");
  out.weights.clear();
  if (feature.type == DataType::string) {
    out.ids.resize(feature.strings.size());
    out.out_of_vocabulary = vocabulary.find(feature.strings, out.ids) -
                            unknown_padding<std::string_view>(feature, vocabulary, feature.strings, "");
  } else {
    out.ids.resize(feature.integers.size());
    out.out_of_vocabulary = vocabulary.find(feature.integers, out.ids) -
                            unknown_padding<int64_t>(feature, vocabulary, feature.integers, -1);
  }
  lay_rows(feature, out);
}

}  // namespace weft

namespace {
using IntegerRows = std::vector<std::vector<int64_t>>;
using WordRows = std::vector<std::vector<std::string_view>>;
weft::Ids ids_of(const weft::VocabularyListColumn& column, const weft::Features& features) {
  const auto made = weft::categorical_column_with_vocabulary_list(column);
  const auto& kind = *made.get_if<weft::VocabularyListColumn>();
  weft::Ids ids;
  weft::vocabulary_ids(kind.key, *kind.dtype, weft::load_vocabulary(kind), features, ids);
  return ids;
}
}  // namespace

TEST_CASE("vocabulary column: unknown words, dense '' dropped, integers") {
  using namespace weft;
  const VocabularyListColumn words{.key = "a", .vocabulary_list = {"ant", "bee", "cat"}};
  Features features;
  features["a"] = sparse_feature(WordRows{{"bee", "yak"}, {}, {"cat", ""}});
  Ids ids = ids_of(words, features);
  CHECK(ids.offsets == std::vector<int64_t>{0, 2, 2, 4});
  CHECK(ids.ids == std::vector<int64_t>{1, -1, 2, -1});
  CHECK(ids.out_of_vocabulary == 2);
  VocabularyListColumn with_default = words;
  with_default.default_value = 77;  // not checked, as in TensorFlow
  CHECK(ids_of(with_default, features).ids == std::vector<int64_t>{1, 77, 2, 77});

  features["a"].sparse = false;
  features["a"].shape = {4, 1};
  ids = ids_of(words, features);
  CHECK(ids.offsets == std::vector<int64_t>{0, 1, 2, 3, 3});
  CHECK(ids.ids == std::vector<int64_t>{1, -1, 2});
  CHECK(ids.out_of_vocabulary == 1);  // the padding is none

  features["n"] = sparse_feature(IntegerRows{{30, 7, -5}});
  CHECK(ids_of({.key = "n", .vocabulary_list = {10, 30, -5}}, features).ids == std::vector<int64_t>{1, -1, 2});
}

TEST_CASE("vocabulary column: bad lists") {
  using namespace weft;
  const auto refuses = [](VocabularyListColumn column, const char* text) {
    CHECK_THROWS_WITH_AS(categorical_column_with_vocabulary_list(std::move(column)), doctest::Contains(text),
                         ValueError);
  };
  refuses({.key = "a"}, "vocabulary_list [] must be non-empty, column_name: a");
  refuses({.key = "a", .vocabulary_list = {"x", "y", "x"}},
          "Duplicate keys in vocabulary_list ['x', 'y', 'x'], column_name: a");
  refuses({.key = "a", .vocabulary_list = {1, 2, 1}}, "Duplicate keys in vocabulary_list [1, 2, 1], column_name: a");
  refuses({.key = "a", .vocabulary_list = {"x"}, .num_oov_buckets = -1}, "Invalid num_oov_buckets -1 in a");
  refuses({.key = "a", .vocabulary_list = {"x"}, .default_value = 1, .num_oov_buckets = 2},
          "Can't specify both num_oov_buckets and default_value in a.");
  refuses({.key = "a", .vocabulary_list = {"x"}, .dtype = DataType::int64},
          "dtype <dtype: 'int64'> and vocabulary dtype <dtype: 'string'> do not match, column_name: a");
  refuses({.key = "a", .vocabulary_list = {1}, .dtype = DataType::string},
          "dtype <dtype: 'string'> and vocabulary dtype <dtype: 'int64'> do not match, column_name: a");
}

TEST_CASE("vocabulary column: bad files") {
  using namespace weft;
  const auto refuses = [](VocabularyFileColumn column, const char* text) {
    CHECK_THROWS_WITH_AS(categorical_column_with_vocabulary_file(std::move(column)), doctest::Contains(text),
                         ValueError);
  };
  refuses({.key = "a", .vocabulary_file = ""}, "Missing vocabulary_file in a.");
  refuses({.key = "a", .vocabulary_file = "no/such.txt"}, "vocabulary_file in a does not exist");
  refuses({.key = "a", .vocabulary_file = "no/such.txt", .vocabulary_size = 0}, "Invalid vocabulary_size in a");
  refuses({.key = "a", .vocabulary_file = "x", .vocabulary_size = 3, .num_oov_buckets = 2, .default_value = -1},
          "Can't specify both num_oov_buckets and default_value in a.");
  refuses({.key = "a", .vocabulary_file = "x", .vocabulary_size = 3, .dtype = DataType::float32},
          "column_name: a dtype must be string or integer. dtype: <dtype: 'float32'>.");
  const auto unread =
      categorical_column_with_vocabulary_file({.key = "a", .vocabulary_file = "no/such.txt", .vocabulary_size = 3});
  CHECK(unread.num_buckets() == 3);
  CHECK_THROWS_AS(load_vocabulary(*unread.get_if<VocabularyFileColumn>()), IoError);
}
