// Loading of vocabularies: text files in place, record files and lists word by word.
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/io/tfrecord.h>
#include <weft/io/vocabulary.h>
#include <weft/io/vocabulary_file.h>
#include <weft/io/vocabulary_load.h>

#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <functional>
#include <vector>

namespace weft {
namespace {

bool holds_records(const std::string& path) {
  return path.ends_with("tfrecord.gz");
}

/// Words of a file of records, at most `limit` of them unless it is -1.
std::vector<std::string> read_records(const std::string& path, int64_t limit) {
  std::vector<std::string> words;
  RecordReader reader(path, Compression::gzip);
  std::string_view record;
  while (static_cast<int64_t>(words.size()) != limit && reader.read(record)) words.emplace_back(record);
  return words;
}

void check_count(const std::string& path, int64_t words, int64_t expected) {
  if (expected >= 0 && words < expected) {
    throw DataError(fmt::format("[vocabulary] Invalid vocab_size in {}: expected {} but got {}. {}", path, expected,
                                words,
                                words == 0 ? "The file is empty: write one word a line."
                                           : fmt::format("Give a vocabulary_size of at most {}.", words)));
  }
  if (words == 0) throw DataError(fmt::format("[vocabulary] {} is empty: expected one word a line.", path));
}

WordTable table_of(std::span<const std::string> words) {
  size_t bytes = 0;
  for (const std::string& word : words) bytes += word.size() + 1;
  WordTable table(static_cast<int64_t>(words.size()), bytes);
  for (const std::string& word : words) table.add(word);
  return table;
}

/// Calls f with every word of the file.
void read_words(const std::string& path, int64_t size, const std::function<void(std::string_view)>& f) {
  if (holds_records(path)) {
    const auto words = read_records(path, size);
    check_count(path, static_cast<int64_t>(words.size()), size);
    for (const std::string& word : words) f(word);
    return;
  }
  VocabularyText text(path, size);
  check_count(path, text.lines(), size);
  while (const auto word = text.next()) f(*word);
}

int64_t to_integer(std::string_view word, const std::string& path, size_t line) {
  if (const auto number = parse_vocabulary_integer(word)) return *number;
  throw DataError(fmt::format("[vocabulary] {}: Field {} in line {} is not a valid int64 (the first line is 0).", path,
                              word, line));
}

template <class Word>
std::string repeated(const Word& word, const std::pair<int64_t, int64_t>& ids) {
  return fmt::format(
      "HashTable has different value for same key. Key {} has {} and trying to add value {}. Remove one of the two.",
      word, ids.first, ids.second);
}

}  // namespace

WordTable load_words(const std::string& path, int64_t size) {
  WordTable table;
  if (holds_records(path)) {
    const auto words = read_records(path, size);
    check_count(path, static_cast<int64_t>(words.size()), size);
    table = table_of(words);
  } else {
    VocabularyText text(path, size);
    check_count(path, text.lines(), size);
    table = WordTable(text.lines(), text.buffer());
    while (const auto word = text.next()) table.add(*word);
  }
  if (const auto ids = table.index()) {
    throw DataError(fmt::format("[vocabulary] {}: {}", path, repeated(table.word(ids->second), *ids)));
  }
  return table;
}

NumberTable load_numbers(const std::string& path, int64_t size) {
  std::vector<int64_t> numbers;
  read_words(path, size, [&](std::string_view word) { numbers.push_back(to_integer(word, path, numbers.size())); });
  NumberTable table(std::move(numbers));
  if (const auto ids = table.index()) {
    throw DataError(fmt::format("[vocabulary] {}: {}", path, repeated(table.number(ids->second), *ids)));
  }
  return table;
}

WordTable make_words(std::span<const std::string> words) {
  if (words.empty()) throw ValueError("[Vocabulary] vocabulary_list [] must be non-empty.");
  WordTable table = table_of(words);
  if (const auto ids = table.index()) {
    throw ValueError("[Vocabulary] Duplicate keys in vocabulary_list: " + repeated(table.word(ids->second), *ids));
  }
  return table;
}

NumberTable make_numbers(std::span<const int64_t> numbers) {
  if (numbers.empty()) throw ValueError("[Vocabulary] vocabulary_list [] must be non-empty.");
  NumberTable table({numbers.begin(), numbers.end()});
  if (const auto ids = table.index()) {
    throw ValueError("[Vocabulary] Duplicate keys in vocabulary_list: " + repeated(table.number(ids->second), *ids));
  }
  return table;
}

int64_t count_vocabulary(const std::string& path) {
  const int64_t words =
      holds_records(path) ? static_cast<int64_t>(read_records(path, -1).size()) : VocabularyText(path, -1).lines();
  check_count(path, words, -1);
  return words;
}

#ifndef DOCTEST_CONFIG_DISABLE
namespace {

using Words = std::vector<std::string>;

/// A file that is gone at the end of the test.
struct TestFile {
  std::string path;
  explicit TestFile(std::string_view bytes, const std::string& name = "words.txt")
      : path((std::filesystem::temp_directory_path() / ("weft-vocabulary-" + std::to_string(getpid()) + name))
                 .string()) {
    std::ofstream(path, std::ios::binary) << bytes;
  }
  ~TestFile() { std::filesystem::remove(path); }
};

Words words_in(std::string_view bytes, int64_t size = -1) {
  const TestFile file(bytes);
  const WordTable table = load_words(file.path, size);
  Words words;
  for (int64_t id = 0; id < table.size(); ++id) words.emplace_back(table.word(id));
  return words;
}

std::string refusal(std::string_view bytes, int64_t size = -1, bool integers = false) {
  const TestFile file(bytes);
  try {
    integers ? static_cast<void>(load_numbers(file.path, size)) : static_cast<void>(load_words(file.path, size));
  } catch (const DataError& error) {
    const std::string text = error.what();
    const size_t at = text.find(file.path);
    return at == std::string::npos ? "no path: " + text : text.substr(0, at) + "F" + text.substr(at + file.path.size());
  }
  return "accepted";
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("vocabulary load: lines as TensorFlow reads them") {
  CHECK(words_in("ant\nbee\n") == Words{"ant", "bee"});
  CHECK(words_in("ant\nbee") == Words{"ant", "bee"});
  CHECK(words_in("ant\r\nbee\r\n") == Words{"ant", "bee"});
  CHECK(words_in("ant\r\r\nb\re\r") == Words{"ant\r", "b\re"});
  CHECK(words_in(" ant\nbee \n") == Words{" ant", "bee "});
  CHECK(words_in("ant\n\r") == Words{"ant"});
  CHECK(words_in(std::string_view("a\0b\na\n", 6)) == Words{std::string("a\0b", 3), "a"});
  CHECK(words_in("ant\n\nbee", 1) == Words{"ant"});
  CHECK(words_in("ant\nbee\nant\n", 2) == Words{"ant", "bee"});
}

TEST_CASE("vocabulary load: bad files are refused with the place") {
  CHECK(contains(refusal(""), "F is empty"));
  CHECK(contains(refusal("ant\n\nbee\n\n", 3), "Invalid content in F: empty line found at position 5"));
  CHECK(contains(refusal("\r\n"), "Invalid content in F: empty line found at position 2"));
  CHECK(contains(refusal("ant\nbee\n", 3), "Invalid vocab_size in F: expected 3 but got 2"));
  CHECK(contains(refusal("", 1), "Invalid vocab_size in F: expected 1 but got 0. The file is empty: write one word"));
  CHECK(contains(refusal("ant\nbee\nant\n"),
                 "F: HashTable has different value for same key. Key ant has 0 and trying to add value 2"));
  CHECK(contains(refusal("1\ntwo\n3\n", -1, true), "F: Field two in line 1 is not a valid int64"));
  CHECK(contains(refusal("7\n007\n", -1, true), "Key 7 has 0 and trying to add value 1"));
  CHECK_THROWS_WITH_AS(load_words("/nowhere/words.txt", -1),
                       doctest::Contains("words.txt: can't read: No such file or directory, expected a file"), IoError);
  CHECK_THROWS_WITH_AS(load_words("/", -1), doctest::Contains("/: can't read: Is a directory, expected"), IoError);
  CHECK_THROWS_AS(count_vocabulary("/nowhere/words.txt"), IoError);
}

TEST_CASE("vocabulary load: a file larger than a piece") {
  std::string text;
  for (int i = 0; i < 300000; ++i) text += fmt::format("word{}\n", i);
  const TestFile file(text);
  CHECK(count_vocabulary(file.path) == 300000);
  const WordTable table = load_words(file.path, -1);
  CHECK(table.size() == 300000);
  CHECK(table.word(299999) == "word299999");
  CHECK(load_words(file.path, 5).size() == 5);
}

TEST_CASE("vocabulary load: records of a *.tfrecord.gz are words") {
  const TestFile file("", "words.tfrecord.gz");
  RecordWriter writer(file.path, Compression::gzip);
  for (const char* word : {"ant", "b\nee", "3"}) writer.write(word);
  writer.close();
  CHECK(count_vocabulary(file.path) == 3);
  CHECK(load_words(file.path, -1).word(1) == "b\nee");
  CHECK(load_words(file.path, 2).size() == 2);
  CHECK_THROWS_WITH_AS(load_words(file.path, 4), doctest::Contains("expected 4 but got 3"), DataError);
  CHECK_THROWS_WITH_AS(load_numbers(file.path, -1), doctest::Contains("Field ant in line 0"), DataError);
}

TEST_CASE("vocabulary load: damaged record files give an error") {
  std::string bytes;
  {
    const TestFile file("", "words.tfrecord.gz");
    RecordWriter writer(file.path, Compression::gzip);
    for (int i = 0; i < 50; ++i) writer.write(std::to_string(i * i));
    writer.close();
    std::ifstream in(file.path, std::ios::binary);
    bytes.assign(std::istreambuf_iterator<char>(in), {});
  }
  for (size_t length = 0; length < bytes.size(); length += 7) {
    const TestFile file(bytes.substr(0, length), "words.tfrecord.gz");
    CHECK_THROWS_AS(load_words(file.path, -1), DataError);
  }
}

#endif
}  // namespace weft
