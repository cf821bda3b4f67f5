// Vocabularies: TensorFlow's rules around the two tables.
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/io/vocabulary.h>
#include <weft/io/vocabulary_load.h>

#include <doctest/doctest.h>
#include <utility>

namespace weft {

struct Vocabulary::State {
  VocabularyOptions options;
  int64_t size = 0;
  WordTable words;  ///< one of the two is in use
  NumberTable numbers;

  template <class Word>
  int64_t replace_unknown(std::span<const Word> asked, std::span<int64_t> ids) const {
    int64_t unknown = 0;
    for (size_t i = 0; i < ids.size(); ++i) {
      if (ids[i] >= 0) continue;
      ++unknown;
      const int64_t buckets = options.num_oov_buckets;
      ids[i] = buckets > 0 ? size + hash_bucket(asked[i], buckets) : options.default_value;
    }
    return unknown;
  }
};

namespace {

void check(const VocabularyOptions& options) {
  if (options.size == 0 || options.size < -1) {
    throw ValueError(fmt::format("[Vocabulary] size: got {}, expected 1 or more, or -1 for all.", options.size));
  }
  if (options.num_oov_buckets < 0) {
    throw ValueError(
        fmt::format("[Vocabulary] Invalid num_oov_buckets: got {}, expected 0 or more.", options.num_oov_buckets));
  }
}

void check_room(size_t words, size_t room) {
  if (words != room)
    throw ValueError(fmt::format("[Vocabulary::find] out: got room for {} ids, expected {}.", room, words));
}

}  // namespace

Vocabulary::Vocabulary(Vocabulary&&) noexcept = default;
Vocabulary& Vocabulary::operator=(Vocabulary&&) noexcept = default;
Vocabulary::~Vocabulary() = default;
Vocabulary::Vocabulary(std::unique_ptr<State> state) : state_(std::move(state)) {}

Vocabulary Vocabulary::from_file(const std::string& path, const VocabularyOptions& options) {
  check(options);
  auto state = std::make_unique<State>();
  state->options = options;
  if (options.integers) {
    state->numbers = load_numbers(path, options.size);
  } else {
    state->words = load_words(path, options.size);
  }
  state->size = options.integers ? state->numbers.size() : state->words.size();
  return Vocabulary(std::move(state));
}

Vocabulary Vocabulary::from_list(std::span<const std::string> words, const VocabularyOptions& options) {
  check(options);
  auto state = std::make_unique<State>();
  state->options = options;
  state->options.integers = false;
  state->words = make_words(words);
  state->size = state->words.size();
  return Vocabulary(std::move(state));
}

Vocabulary Vocabulary::from_list(std::span<const int64_t> words, const VocabularyOptions& options) {
  check(options);
  auto state = std::make_unique<State>();
  state->options = options;
  state->options.integers = true;
  state->numbers = make_numbers(words);
  state->size = state->numbers.size();
  return Vocabulary(std::move(state));
}

int64_t Vocabulary::size() const {
  return state_->size;
}
int64_t Vocabulary::num_buckets() const {
  return state_->size + state_->options.num_oov_buckets;
}
bool Vocabulary::integers() const {
  return state_->options.integers;
}

int64_t Vocabulary::find(std::string_view word) const {
  int64_t id = -1;
  find(std::span(&word, 1), std::span(&id, 1));
  return id;
}
int64_t Vocabulary::find(int64_t word) const {
  int64_t id = -1;
  find(std::span<const int64_t>(&word, 1), std::span(&id, 1));
  return id;
}

int64_t Vocabulary::find(std::span<const std::string_view> words, std::span<int64_t> out) const {
  if (integers()) throw ValueError("[Vocabulary::find] words: got strings, expected integers: the vocabulary's type.");
  check_room(words.size(), out.size());
  state_->words.find(words, out);
  return state_->replace_unknown(words, out);
}

int64_t Vocabulary::find(std::span<const int64_t> words, std::span<int64_t> out) const {
  if (!integers()) throw ValueError("[Vocabulary::find] words: got integers, expected strings: the vocabulary's type.");
  check_room(words.size(), out.size());
  state_->numbers.find(words, out);
  return state_->replace_unknown(words, out);
}

std::string_view Vocabulary::word(int64_t id) const {
  if (integers()) throw ValueError("[Vocabulary::word] the words are integers: got a question for a string.");
  if (id < 0 || id >= size()) {
    throw ValueError(fmt::format("[Vocabulary::word] id: got {}, expected one in [0, {}).", id, size()));
  }
  return state_->words.word(id);
}

TEST_CASE("vocabulary: unknown words get the default or a bucket") {
  const std::vector<std::string> animals = {"ant", "bee", "cat"};
  const auto plain = Vocabulary::from_list(animals);
  CHECK(plain.size() == 3);
  CHECK(plain.num_buckets() == 3);
  CHECK(plain.find("bee") == 1);
  CHECK(plain.find("zzz") == -1);
  CHECK(plain.find("") == -1);
  CHECK(Vocabulary::from_list(animals, {.default_value = 77}).find("zzz") == 77);
  const auto buckets = Vocabulary::from_list(animals, {.num_oov_buckets = 10});
  CHECK(buckets.num_buckets() == 13);
  // fingerprint64("N") = 0x39e427f7541c861a
  CHECK(buckets.find("N") == 3 + static_cast<int64_t>(0x39e427f7541c861a % 10));
  CHECK(buckets.find("cat") == 2);
}

TEST_CASE("vocabulary: integers are looked up by value") {
  // The numbers of tf.feature_column with a vocabulary of 7 and -3 and three buckets.
  const std::vector<int64_t> words = {7, -3};
  const auto vocabulary = Vocabulary::from_list(words, {.num_oov_buckets = 3});
  const std::vector<int64_t> asked = {7, 8, -1, 1000000000000, -3};
  std::vector<int64_t> ids(asked.size());
  CHECK(vocabulary.find(asked, ids) == 3);
  CHECK(ids == std::vector<int64_t>{0, 3, 2, 4, 1});
  CHECK(Vocabulary::from_list(words, {.default_value = 1}).find(8) == 1);
}

TEST_CASE("vocabulary: many words at once give what one at a time gives") {
  std::vector<std::string> words, asked;
  for (int i = 0; i < 1000; ++i) words.push_back("video_" + std::to_string(i * 3));
  for (int i = 0; i < 3000; ++i) asked.push_back("video_" + std::to_string(i));
  const auto vocabulary = Vocabulary::from_list(words, {.num_oov_buckets = 7});
  const std::vector<std::string_view> views(asked.begin(), asked.end());
  std::vector<int64_t> ids(views.size());
  vocabulary.find(views, ids);
  for (size_t i = 0; i < views.size(); ++i) {
    CHECK(ids[i] == vocabulary.find(views[i]));
    CHECK(ids[i] == (i % 3 == 0 ? static_cast<int64_t>(i / 3) : 1000 + hash_bucket(views[i], 7)));
  }
}

TEST_CASE("vocabulary: bad options, lists and questions are refused") {
  const std::vector<std::string> animals = {"ant", "bee"}, twice = {"x", "y", "x"};
  CHECK_THROWS_AS(Vocabulary::from_list(animals, {.num_oov_buckets = -1}), ValueError);
  CHECK_THROWS_AS(Vocabulary::from_list(animals, {.size = 0}), ValueError);
  CHECK_THROWS_WITH_AS(Vocabulary::from_list(twice), doctest::Contains("Key x has 0 and trying to add value 2"),
                       ValueError);
  CHECK_THROWS_AS(Vocabulary::from_list(std::vector<std::string>()), ValueError);
  CHECK_THROWS_AS(Vocabulary::from_list(std::vector<int64_t>{1, 2, 1}), ValueError);
  const auto vocabulary = Vocabulary::from_list(animals);
  CHECK_THROWS_AS(vocabulary.find(7), ValueError);
  CHECK_THROWS_AS(vocabulary.word(2), ValueError);
  CHECK_THROWS_AS(vocabulary.word(-1), ValueError);
  CHECK_THROWS_AS(Vocabulary::from_list(std::vector<int64_t>{1}).find("1"), ValueError);
}

}  // namespace weft
