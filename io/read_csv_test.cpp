// Tests of read_csv: cells, lists, quotes, files, positions, damage.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <unistd.h>
#include <weft/core/error.h>
#include <weft/core/random.h>
#include <weft/core/test_directory.h>

#include <weft/io/read_csv.h>
#include <zlib.h>

#include <filesystem>

#ifndef DOCTEST_CONFIG_DISABLE
namespace weft {
namespace {

/// Text files in a directory that goes away with the test.
struct TextFiles : TestDirectory {
  std::string write_gzip(std::string_view name, const std::string& bytes) const {
    const gzFile out = gzopen(file(name).c_str(), "wb");
    REQUIRE(gzwrite(out, bytes.data(), static_cast<unsigned>(bytes.size())) == static_cast<int>(bytes.size()));
    gzclose(out);
    return file(name);
  }
};

using Strings = std::vector<std::string>;

Strings strings_of(const Batch& batch, std::string_view key) {
  const Feature& feature = batch.features.at(key);
  return Strings(feature.strings.begin(), feature.strings.end());
}

const ParseSpec kText = {{"text", VarLenFeature{}}};

/// The first batch of a file with these bytes.
struct FirstBatch {
  TextFiles files;
  Dataset dataset;
  const Batch& batch;
  FirstBatch(std::string_view bytes, ReadCsvOptions options)
      : dataset((options.files = files.put("a.csv", bytes), read_csv(options))), batch(*dataset.next()) {}
};

std::string refusal(std::string_view bytes, ReadCsvOptions options) {
  const TextFiles files;
  options.files = files.put("a.csv", bytes);
  try {
    Dataset dataset = read_csv(options);
    while (dataset.next() != nullptr) continue;
  } catch (const DataError& error) {
    return error.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("read_csv: dense and sparse columns of every type, with defaults, in any order of the header") {
  const ParseSpec spec = {
      {"age", FixedLenFeature{.shape = {1}, .type = DataType::float32, .default_value = {{.floats = {-1}}}}},
      {"city", FixedLenFeature{.shape = {}, .type = DataType::string, .default_value = {{.strings = {"?"}}}}},
      {"clicked", FixedLenFeature{.shape = {1}, .type = DataType::int64}},
      {"point", FixedLenFeature{.shape = {2}, .type = DataType::float32}},
      {"watched", VarLenFeature{}},
      {"ids", VarLenFeature{.type = DataType::int64}},
      {"weights", VarLenFeature{.type = DataType::float32}}};
  const FirstBatch read(
      "watched,unused,clicked,age,ids,weights,point,city\n"
      "a|b,x,1,30.5,7|-8, 0.5 |2,1|2,Rome\n"
      ",,0,,,,-1e3|.5,\n"
      "c||d|,\"q|\",+1,7,9,|,0|0,a|b\n",
      {.spec = spec, .label = "clicked"});
  const Batch& batch = read.batch;
  CHECK(batch.size == 3);
  CHECK(batch.labels.integers == std::vector<int64_t>{1, 0, 1});
  CHECK(batch.labels.shape == std::vector<int64_t>{3, 1});
  CHECK(batch.features.find("clicked") == nullptr);
  CHECK(batch.features.find("unused") == nullptr);
  CHECK(batch.features.at("age").floats == std::vector<float>{30.5f, -1.0f, 7.0f});
  CHECK(batch.features.at("age").shape == std::vector<int64_t>{3, 1});
  CHECK(batch.features.at("point").floats == std::vector<float>{1, 2, -1000, 0.5f, 0, 0});
  CHECK(batch.features.at("point").shape == std::vector<int64_t>{3, 2});
  CHECK(strings_of(batch, "city") == Strings{"Rome", "?", "a|b"});
  CHECK(strings_of(batch, "watched") == Strings{"a", "b", "c", "d"});
  CHECK(batch.features.at("watched").offsets == std::vector<int64_t>{0, 2, 2, 4});
  CHECK(batch.features.at("watched").shape == std::vector<int64_t>{3, 2});
  CHECK(batch.features.at("ids").integers == std::vector<int64_t>{7, -8, 9});
  CHECK(batch.features.at("ids").offsets == std::vector<int64_t>{0, 2, 2, 3});
  CHECK(batch.features.at("weights").floats == std::vector<float>{0.5f, 2});
}

TEST_CASE("read_csv: quoted cells hold delimiters, newlines and doubled quotes") {
  const FirstBatch read(
      "\xef\xbb\xbf\"text\",n\r\n\"a,b\",1\r\n\"c\r\nd\",2\r\n\"\"\"e\"\"|\"\"\"\"\",3\n\"\",4\n'f',5\n"
      "\"g\",6",
      {.spec = kText});
  CHECK(strings_of(read.batch, "text") == Strings{"a,b", "c\r\nd", "\"e\"", "\"\"", "'f'", "g"});
  CHECK(read.batch.features.at("text").offsets == std::vector<int64_t>{0, 1, 2, 4, 4, 5, 6});
}

TEST_CASE("read_csv: TSV, other quotes and marks, names that are given") {
  const FirstBatch tabs("1\t5\" pipe\tNA\n2\t\t\\N\n",
                        {.spec = {{"text", FixedLenFeature{.shape = {}, .type = DataType::string}},
                                  {"n", VarLenFeature{.type = DataType::int64}}},
                         .delimiter = '\t',
                         .quote = '\0',
                         .missing = {"NA", "\\N"},
                         .header = {"id", "text", "n"}});
  CHECK(strings_of(tabs.batch, "text") == Strings{"5\" pipe", ""});
  CHECK(tabs.batch.features.at("n").offsets == std::vector<int64_t>{0, 0, 0});
  const FirstBatch lines("a b,c\nd\n", {.spec = kText, .delimiter = '\0', .value_separator = ' ', .header = {"text"}});
  CHECK(strings_of(lines.batch, "text") == Strings{"a", "b,c", "d"});
  const FirstBatch apostrophes("text\n'it''s'\n", {.spec = kText, .value_separator = '\0', .quote = '\''});
  CHECK(strings_of(apostrophes.batch, "text") == Strings{"it's"});
}

TEST_CASE("read_csv: wrong lines are named with file, line and column") {
  const auto contains = [](const std::string& text, std::string_view part) {
    INFO(text);
    return text.find(part) != std::string::npos;
  };
  const ReadCsvOptions options{.spec = {{"n", FixedLenFeature{.shape = {}, .type = DataType::int64}},
                                        {"x", VarLenFeature{.type = DataType::float32}}}};
  CHECK(contains(refusal("n,x\n1,2\n\n1.5,2\n", options), "a.csv, line 4, column n: got \"1.5\", expected an int64."));
  CHECK(contains(refusal("n,x\n1,2|y\n", options), "a.csv, line 2, column x: got \"y\", expected a float32."));
  CHECK(contains(refusal("n,x\n,2\n", options), "line 2, column n: the cell has no value, and the column no default"));
  CHECK(contains(refusal("n,x\n1\n", options), "line 2: got 1 cells, expected 2"));
  CHECK(contains(refusal("n,x\n1,2,3\n", options), "line 2: got 3 cells, expected 2"));
  CHECK(contains(refusal("n,x\n\"a\nb\",1\n1,a\"b\n", options), "line 2, column n: got \"a?b\""));
  CHECK(contains(refusal("n,x\n1,2\"\n", options), "line 2, column x: got a quote within a cell that does not start"));
  CHECK(contains(refusal("n,x\n\"1\"2,3\n", options), "line 2, column n: got text after the quote that ends a cell"));
  CHECK(contains(refusal("n,x\n1,\"2\n", options), "line 2: a quoted field has no end"));
  CHECK(contains(refusal("n,y\n1,2\n", options), "the header has the column 'x' 0 times, expected once: got [n, y]"));
  CHECK(contains(refusal("n,x,x\n", options), "the header has the column 'x' 2 times"));
  CHECK(contains(refusal("", options), "got a file without lines, expected a header"));
  CHECK(contains(refusal(std::string_view("\"a\"\0b\n", 6), {.spec = kText, .delimiter = '\0', .header = {"text"}}),
                 "line 1, column text: got text after the quote that ends a cell"));
  CHECK(contains(refusal("p\n1|2\n", {.spec = {{"p", FixedLenFeature{.shape = {3}}}}}),
                 "column p: got 2 values in \"1|2\", expected 3 (the shape [3])"));
}

TEST_CASE("read_csv: options that can't be are refused") {
  const TextFiles files;
  const std::string path = files.put("a.csv", "text\na\n");
  CHECK_THROWS_AS(read_csv({.files = path, .spec = kText, .delimiter = '|'}), ValueError);
  CHECK_THROWS_AS(read_csv({.files = path, .spec = kText, .quote = ','}), ValueError);
  CHECK_THROWS_AS(read_csv({.files = path, .spec = kText, .delimiter = '\n'}), ValueError);
  CHECK_THROWS_AS(read_csv({.files = path, .spec = kText, .label = "text"}), ValueError);
  CHECK_THROWS_AS(read_csv({.files = path, .spec = {}}), ValueError);
  CHECK_THROWS_AS(read_csv({.files = path, .spec = kText, .batch_size = 0}), ValueError);
  CHECK_THROWS_AS(read_csv({.files = path, .spec = kText, .shard_count = 2, .shard_index = 2}), ValueError);
  CHECK_THROWS_AS(read_csv({.files = files.file("missing.csv"), .spec = kText}), IoError);
  files.put("b.csv", "other\na\n");
  Dataset dataset = read_csv({.files = files.file("*.csv"), .spec = kText, .batch_size = 1});
  CHECK(dataset.next() != nullptr);
  CHECK_THROWS_WITH_AS(dataset.next(), doctest::Contains("b.csv, line 1: got the header [other], expected"), DataError);
}

namespace {

/// Lines first, ..., first + count - 1: a number and a text, every third one quoted with a newline and quotes in it.
std::string numbered(int64_t first, int64_t count) {
  std::string text = "x,text\r\n";
  for (int64_t x = first; x < first + count; ++x)
    text += x % 3 == 0 ? fmt::format("{},\"a\n\"\"{}\"\"\"\r\n", x, x) : fmt::format("{},b{}\r\n", x, x);
  return text;
}

const ReadCsvOptions kNumbered{.spec = {{"x", FixedLenFeature{.shape = {}, .type = DataType::int64}},
                                        {"text", FixedLenFeature{.shape = {}, .type = DataType::string}}},
                               .label = "x",
                               .batch_size = 5};

using Batches = std::vector<std::vector<int64_t>>;

Batches batches_of(Dataset dataset, size_t most = 1000) {
  Batches batches;
  while (batches.size() < most) {
    const Batch* batch = dataset.next();
    if (batch == nullptr) break;
    batches.push_back(batch->labels.integers);
    for (size_t i = 0; i < batches.back().size(); ++i) {
      const int64_t x = batches.back()[i];
      CHECK(batch->features.at("text").strings.at(i) ==
            (x % 3 == 0 ? fmt::format("a\n\"{}\"", x) : fmt::format("b{}", x)));
    }
  }
  return batches;
}

}  // namespace

TEST_CASE("read_csv: it goes on from every position, plain or gzip, in any order, on any threads") {
  const TextFiles files;
  files.put("one-0.csv", numbered(0, 10));
  files.put("one-1.csv", "");
  files.put("one-2.csv", numbered(10, 13));
  files.write_gzip("two-0.csv.gz", numbered(0, 10));
  files.write_gzip("two-1.csv.gz", numbered(10, 13));
  for (const char* name : {"one-*", "two-*"}) {
    for (const int64_t shuffle_buffer : {0, 6, 100}) {
      ReadCsvOptions options = kNumbered;
      options.files = files.file(name);
      options.shuffle_buffer = shuffle_buffer;
      options.repeat = 2;
      const Batches whole = batches_of(read_csv(options));
      REQUIRE(whole.size() == 10);
      if (shuffle_buffer == 0) CHECK(whole[4] == std::vector<int64_t>{20, 21, 22});
      for (size_t taken = 0; taken <= whole.size(); ++taken) {
        Dataset first = read_csv(options).prefetch(static_cast<int>(taken % 3));
        for (size_t i = 0; i < taken; ++i) REQUIRE(first.next() != nullptr);
        Dataset second = read_csv(options).prefetch(static_cast<int>(taken % 4));
        REQUIRE(second.seek(first.position()));
        CHECK(batches_of(std::move(second)) ==
              Batches(whole.begin() + static_cast<std::ptrdiff_t>(taken), whole.end()));
      }
    }
  }
}

TEST_CASE("read_csv: a position belongs to its files and format") {
  const TextFiles files;
  ReadCsvOptions options = kNumbered;
  options.files = files.put("a.csv", numbered(0, 9));
  const DatasetPosition start = read_csv(options).position();
  CHECK(read_csv(options).seek(start));
  options.quote = '\'';
  CHECK_FALSE(read_csv(options).seek(start));
  options.quote = '"';
  options.files = files.put("a.csv", numbered(0, 10));
  CHECK_FALSE(read_csv(options).seek(start));
}

TEST_CASE("read_csv: a truncated gzip file is refused") {
  const TextFiles files;
  ReadCsvOptions options = kNumbered;
  options.files = files.write_gzip("a.csv.gz", numbered(0, 1000));
  std::filesystem::resize_file(options.files, std::filesystem::file_size(options.files) - 20);
  CHECK_THROWS_WITH_AS(batches_of(read_csv(options)), doctest::Contains("a.csv.gz, line"), DataError);
}

TEST_CASE("read_csv: no bytes break it") {
  const ParseSpec spec = {{"a", VarLenFeature{}}, {"b", VarLenFeature{.type = DataType::float32}}};
  const RandomStream random{.seed = 5, .stream = 1};
  const std::string_view alphabet("\",|\n\rx1\0\xff", 9);
  int accepted = 0;
  for (uint64_t i = 0, draw = 0; i < 400; ++i) {
    std::string bytes = "a,b\n";
    for (uint64_t n = random.below(draw++, 40); n > 0; --n) bytes += alphabet[random.below(draw++, alphabet.size())];
    accepted += refusal(bytes, {.spec = spec, .batch_size = 2}) == "accepted";
  }
  CHECK(accepted > 10);
  CHECK(accepted < 390);
}

}  // namespace weft
#endif
