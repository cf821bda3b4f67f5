// Tests of word vectors: each format, damage, tables that follow a vocabulary, files of gensim's form.
#include <doctest/doctest.h>
#include <weft/core/error.h>
#include <weft/core/test_directory.h>
#include <weft/io/formats/word_vectors.h>
#include <zlib.h>

#include <cstring>
#include <limits>

#ifndef DOCTEST_CONFIG_DISABLE
namespace weft {
namespace {

using Strings = std::vector<std::string>;
using Floats = std::vector<float>;

std::string bytes_of(const Floats& numbers) {
  return {reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(float)};
}

// The same two rows in each format; the binary ones as word2vec (newlines) and as gensim (none) write them.
const std::string kText = "2 3\nthe 1.5 -2 1e-06\ncaf\xc3\xa9 0 0.25 7 \n";
const std::string kGlove = ", 1.5 -2 1e-06\nat name@domain.com 0 0.25 7\n";
const std::string kBinary = "2 3\nthe " + bytes_of({1.5f, -2, 1e-6f}) + "caf\xc3\xa9 " + bytes_of({0, 0.25f, 7});
const std::string kBinaryLines =
    "2 3\nthe " + bytes_of({1.5f, -2, 1e-6f}) + "\ncaf\xc3\xa9 " + bytes_of({0, 0.25f, 7}) + "\n";
const Floats kNumbers = {1.5f, -2, 1e-6f, 0, 0.25f, 7};

std::string refusal(std::string_view bytes, WordVectorFormat format = WordVectorFormat::detect) {
  const TestDirectory files;
  try {
    open_word_vectors(files.put("v", bytes), format);
  } catch (const DataError& error) {
    std::string text = error.what();
    const size_t at = text.find(files.file("v"));
    return at == std::string::npos ? text : text.replace(at, files.file("v").size(), "v");
  }
  return "accepted";
}

}  // namespace

TEST_CASE("word vectors: text and binary files, told apart by their start") {
  const TestDirectory files;
  const Strings words = {"the", "caf\xc3\xa9"};
  for (const std::string& bytes : {kText, kBinary, kBinaryLines, "\xef\xbb\xbf" + kText}) {
    const NamedTensors tensors = open_word_vectors(files.put("v", bytes));
    CHECK(tensors.read_strings("words") == words);
    CHECK(tensors.find("vectors")->shape == std::vector<int64_t>{2, 3});
    CHECK(tensors.read_floats("vectors") == kNumbers);
    Floats row(3);
    tensors.read("vectors", 1, {.data = row.data(), .rows = 1, .width = 3, .stride = 3});
    CHECK(row == Floats{0, 0.25f, 7});
  }
  // A carriage return within a row ends no line; one before the newline is part of that.
  CHECK(open_word_vectors(files.put("v", "1 2\na\rb 3 4\r\n")).read_floats("vectors") == Floats{3, 4});
  CHECK(open_word_vectors(files.put("v", kBinary)).format() == "word2vec binary");
  const NamedTensors glove = open_word_vectors(files.put("g", "\n" + kGlove + "\n"));
  CHECK(glove.format() == "GloVe text");
  CHECK(glove.read_strings("words") == Strings{",", "at name@domain.com"});
  CHECK(glove.read_floats("vectors") == kNumbers);
}

TEST_CASE("word vectors: no rows, one dimension, CRLF") {
  const TestDirectory files;
  CHECK(open_word_vectors(files.put("v", "0 5\n")).find("vectors")->shape == std::vector<int64_t>{0, 5});
  CHECK(open_word_vectors(files.put("v", "")).find("vectors")->shape == std::vector<int64_t>{0, 0});
  CHECK(open_word_vectors(files.put("v", "a 1\r\nb 2\r\n")).read_floats("vectors") == Floats{1, 2});
  // "7 1" alone is a header; asked for, it is a word.
  CHECK(refusal("7 1\n8 2\n") == "[word_vectors] v: got 1 rows, expected the 7 of the header. The file is cut short.");
  const std::string path = files.put("v", "7 1\n8 2\n");
  CHECK(open_word_vectors(path, WordVectorFormat::glove_text).read_floats("vectors") == Floats{1, 2});
}

TEST_CASE("word vectors: damaged text names its line") {
  CHECK(refusal("2 3\na 1 2 3\nb 1 x 3\n") ==
        "[word_vectors] v, line 3: number 2: got \"x\", expected a word and 3 numbers that float32 can hold.");
  CHECK(refusal("2 3\na 1 2 3\n") ==
        "[word_vectors] v: got 1 rows, expected the 2 of the header. The file is cut short.");
  CHECK(refusal("1 3\na 1 2 3\nb 1 2 3\n") ==
        "[word_vectors] v, line 3: got a row more than the 1 of the header: \"b 1 2 3\".");
  CHECK(refusal("1 3\n111 222 333\n").find("line 2: got 3 numbers alone") != std::string::npos);
  CHECK(refusal("a 1 2 3\nb 1 2\n").find("line 2: ") != std::string::npos);
  CHECK(refusal("5 -1\n").find("header: got 5 words of dimension -1") != std::string::npos);
  CHECK(refusal("5 0\n").find("header: got 5 words of dimension 0") != std::string::npos);
  CHECK(refusal("1 16777216\na 1\n").find("got 3 bytes, expected a word and 16777216 numbers") != std::string::npos);
  CHECK(refusal("word\n").find("expected a word and its numbers") != std::string::npos);
  CHECK(refusal("", WordVectorFormat::word2vec_text).find("empty file") != std::string::npos);
}

TEST_CASE("word vectors: damaged binary files name their row") {
  for (size_t size = 4; size < kBinary.size(); ++size) CHECK(refusal(kBinary.substr(0, size)) != "accepted");
  CHECK(refusal(kBinary + "x") == "[word_vectors] v, row 3: got more than the 2 rows of the header.");
  CHECK(refusal("2 3\n" + std::string(70000, '\1'), WordVectorFormat::word2vec_binary).find("row 1: got no space") !=
        std::string::npos);
  CHECK(refusal("1 9000000\nword " + std::string(40, '\0')).find("got 0 rows, expected the 1") != std::string::npos);
  CHECK(refusal("x", WordVectorFormat::word2vec_binary).find("header: got \"x\"") != std::string::npos);
}

TEST_CASE("word vectors: written as word2vec writes, and read again bit for bit") {
  const TestDirectory files;
  const Floats numbers = {0.1f, std::numeric_limits<float>::denorm_min(), -3.4028235e38f, 16777217.0f};
  const std::string path =
      files.put("v", "2 2\na " + bytes_of({numbers[0], numbers[1]}) + "\xc3\xa9 " + bytes_of({numbers[2], numbers[3]}));
  const NamedTensors tensors = open_word_vectors(path);
  write_word2vec_text(files.file("t"), tensors);
  CHECK(files.text("t") == "2 2\na 0.1 1e-45\n\xc3\xa9 -3.4028235e+38 16777216\n");
  CHECK(open_word_vectors(files.file("t")).read_floats("vectors") == numbers);
  write_word2vec_binary(files.file("b"), tensors);
  CHECK(open_word_vectors(files.file("b")).read_floats("vectors") == numbers);
  CHECK(open_word_vectors(files.file("b")).read_strings("words") == Strings{"a", "\xc3\xa9"});
}

TEST_CASE("word vectors: a table of another file with its words; words that no file can hold") {
  const TestDirectory files;
  const NamedTensors table =
      open_word_vectors(files.put("v", kText)).renamed([](const std::string& name) { return "net." + name; });
  write_word2vec_text(files.file("t"), with_words(table, "net.vectors", {"x", "y"}));
  CHECK(files.text("t") == "2 3\nx 1.5 -2 1e-06\ny 0 0.25 7\n");
  CHECK_THROWS_AS(with_words(table, "net.vectors", {"x"}), DataError);
  CHECK_THROWS_AS(with_words(table, "vectors", {"x", "y"}), DataError);
  CHECK_THROWS_AS(write_word2vec_text(files.file("t"), table), DataError);
  for (const char* word : {"", "a b", "a\n"}) {
    CHECK_THROWS_AS(write_word2vec_binary(files.file("u"), with_words(table, "net.vectors", {"x", word})), DataError);
  }
  CHECK(!files.has("u"));
}

TEST_CASE("word vectors: rows of a table follow the vocabulary's words, also from gzip") {
  const TestDirectory files;
  const std::string text = "b 1 2\nc 3 4\nb 9 9\nother 5 6\n";
  const std::string path = files.file("v.gz");
  const gzFile file = gzopen(path.c_str(), "wb");
  REQUIRE(gzwrite(file, text.data(), static_cast<unsigned>(text.size())) == static_cast<int>(text.size()));
  gzclose(file);
  const Strings words = {"a", "b", "c"};
  Floats table(12, -1.0f);
  const RowsView view{.data = table.data(), .rows = 4, .width = 2, .stride = 3};
  // The default is the id of another word: "other" must not overwrite it.
  const Vocabulary vocabulary = Vocabulary::from_list(words, {.default_value = 0});
  const WordVectorCounts counts = load_word_vectors(path, vocabulary, view);
  CHECK(table == Floats{-1, -1, -1, 1, 2, -1, 3, 4, -1, -1, -1, -1});
  CHECK(counts.loaded == 2);
  CHECK(counts.missing == 1);
  CHECK(counts.surplus == 1);
  CHECK(counts.repeated == 1);
  CHECK_THROWS_AS(open_word_vectors(path), ValueError);
  const RowsView wide{.data = table.data(), .rows = 3, .width = 3, .stride = 3};
  CHECK_THROWS_AS(load_word_vectors(path, vocabulary, wide), DataError);
  const RowsView small{.data = table.data(), .rows = 2, .width = 2, .stride = 2};
  CHECK_THROWS_AS(load_word_vectors(path, vocabulary, small), ValueError);
}

}  // namespace weft
#endif
