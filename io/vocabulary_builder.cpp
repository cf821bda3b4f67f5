// build_vocabulary: batches of the features alone, counted where they are made; then the files.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <unistd.h>
#include <weft/core/error.h>
#include <weft/core/parallel.h>
#include <weft/core/test_directory.h>
#include <weft/io/atomic_file.h>
#include <weft/io/dataset.h>
#include <weft/io/example.h>
#include <weft/io/read_csv.h>
#include <weft/io/text_number.h>
#include <weft/io/tfrecord.h>
#include <weft/io/vocabulary.h>
#include <weft/io/vocabulary_builder.h>

#include <atomic>
#include <filesystem>
#include <functional>
#include <iterator>

namespace weft {
namespace {

constexpr int64_t kBatch = 1024;
constexpr std::string_view kLine = "line";  // the one column of a text file

std::vector<std::string> keys_of(const CountValuesOptions& options) {
  const bool text = options.format == ValueFormat::text;
  if (text != options.keys.empty()) {
    throw ValueError(fmt::format("[count_values] keys: got {}, expected {}. {}", options.keys.size(),
                                 text ? "none, for a text file has lines only" : "at least one",
                                 text ? "Leave them out." : "Name the features or columns to count."));
  }
  return text ? std::vector<std::string>{std::string(kLine)} : options.keys;
}

Dataset values_of(const CountValuesOptions& options, const ParseSpec& spec) {
  if (options.format == ValueFormat::tfrecord) {
    return read_examples({.files = options.files,
                          .more_files = options.more_files,
                          .spec = spec,
                          .batch_size = kBatch,
                          .compression = options.compression});
  }
  if (!options.compression.empty()) {
    throw ValueError(
        fmt::format("[count_values] compression: got {}, expected none, for a text file's name tells it. "
                    "Leave it out.",
                    options.compression));
  }
  ReadCsvOptions csv{.files = options.files,
                     .more_files = options.more_files,
                     .spec = spec,
                     .batch_size = kBatch,
                     .delimiter = options.delimiter,
                     .value_separator = options.value_separator,
                     .quote = options.quote,
                     .missing = options.missing,
                     .header = options.header};
  if (options.format == ValueFormat::text) {
    csv.delimiter = csv.value_separator = csv.quote = '\0';
    csv.missing.clear();
    csv.header = {std::string(kLine)};
  }
  return read_csv(csv);
}

}  // namespace

VocabularyCounts count_values(const CountValuesOptions& options) {
  const DataType type = options.integers ? DataType::int64 : DataType::string;
  ParseSpec spec;
  for (const std::string& key : keys_of(options)) spec.emplace(key, VarLenFeature{.type = type});
  VocabularyCounts counts(type);
  std::vector<std::atomic<bool>> found(spec.size());
  const auto count = [&](const Batch& batch) {
    size_t index = 0;
    for (const auto& [key, kind] : spec) {
      const Feature& feature = batch.features.at(key);
      if (feature.size() > 0) found[index] = true;
      options.integers ? counts.add(feature.integers) : counts.add(feature.strings);
      ++index;
    }
  };
  const int threads = num_threads();
  Dataset dataset = values_of(options, spec).map(count).prefetch(threads - 1, 2 * threads);
  while (const Batch* batch = dataset.next()) {
    if (options.progress) options.progress(batch->size);
  }
  size_t index = 0;
  for (const auto& [key, kind] : spec) {
    if (found[index++]) continue;
    throw DataError(
        fmt::format("[count_values] {}: got no value of '{}' in any record, expected at least one. Correct "
                    "the key or the files.",
                    options.files.empty() && !options.more_files.empty() ? options.more_files[0] : options.files, key));
  }
  return counts;
}

namespace {

/// Appends lines to a file by large pieces.
class LineWriter {
 public:
  explicit LineWriter(const std::string& path) : file_(path) {}
  void write(std::string_view line) {
    buffer_ += line;
    buffer_ += '\n';
    if (buffer_.size() >= kPiece) flush();
  }
  void write(int64_t number) {
    const fmt::format_int text(number);
    write(std::string_view(text.data(), text.size()));
  }
  void commit() {
    flush();
    file_.commit();
  }

 private:
  static constexpr size_t kPiece = size_t{1} << 20;
  void flush() {
    file_.write(buffer_);
    buffer_.clear();
  }
  AtomicFile file_;
  std::string buffer_;
};

using Entries = std::vector<VocabularyCounts::Entry>;

void check_line(std::string_view word, const std::string& path) {
  if (word.find('\n') == std::string_view::npos && !word.ends_with('\r')) return;
  throw ValueError(
      fmt::format("[write_vocabulary] {}: got the value {}, expected none with a line end in it. Write to a "
                  "name that ends in .tfrecord.gz, which holds any bytes.",
                  path, shown(word)));
}

void write_words(const Entries& entries, const std::string& path) {
  if (path.ends_with("tfrecord.gz")) {
    RecordWriter writer(path, Compression::gzip);
    for (const auto& entry : entries) writer.write(entry.word);
    return writer.close();
  }
  for (const auto& entry : entries) check_line(entry.word, path);
  LineWriter writer(path);
  for (const auto& entry : entries) writer.write(entry.word);
  writer.commit();
}

void write_numbers(const Entries& entries, const std::string& path) {
  if (path.ends_with("tfrecord.gz")) {
    RecordWriter writer(path, Compression::gzip);
    for (const auto& entry : entries) writer.write(std::to_string(entry.number));
    return writer.close();
  }
  LineWriter writer(path);
  for (const auto& entry : entries) writer.write(entry.number);
  writer.commit();
}

void write_counts(const Entries& entries, const std::string& path) {
  LineWriter writer(path);
  for (const auto& entry : entries) writer.write(entry.count);
  writer.commit();
}

}  // namespace

VocabularySummary write_vocabulary(const VocabularyCounts& counts, const WriteVocabularyOptions& options) {
  if (options.path.empty()) {
    throw ValueError("[write_vocabulary] path: got none, expected a file's name. Say where to write the vocabulary.");
  }
  const Entries entries = counts.most_frequent(options.top_k, options.min_count);
  if (entries.empty()) {
    throw ValueError(
        fmt::format("[write_vocabulary] {}: got no value that occurs {} times among {} different ones, "
                    "expected at least one. Lower min_count, or raise top_k ({}).",
                    options.path, options.min_count, counts.size(), options.top_k));
  }
  if (!options.counts_path.empty()) write_counts(entries, options.counts_path);
  counts.integers() ? write_numbers(entries, options.path) : write_words(entries, options.path);
  VocabularySummary summary{.size = std::ssize(entries), .distinct = counts.size(), .total = counts.total()};
  for (const auto& entry : entries) summary.occurrences += entry.count;
  return summary;
}

VocabularySummary build_vocabulary(const CountValuesOptions& count, const WriteVocabularyOptions& write) {
  return write_vocabulary(count_values(count), write);
}

#ifndef DOCTEST_CONFIG_DISABLE
namespace {

/// Files in a directory that goes away with the test.
struct TextFiles : TestDirectory {
  /// Example n of `examples` has the words v<k> and the numbers k for the divisors k of n, in "a" or "b".
  std::string write_examples(std::string_view name, int64_t examples) const {
    RecordWriter writer(file(name));
    ExampleWriter example;
    for (int64_t n = 1; n <= examples; ++n) {
      std::vector<std::string> words;
      std::vector<int64_t> numbers;
      for (int64_t k = 1; k <= n; ++k)
        if (n % k == 0) words.push_back(fmt::format("v{}", k)), numbers.push_back(k);
      const std::vector<std::string_view> views(words.begin(), words.end());
      writer.write(example.clear().add(n % 2 == 0 ? "a" : "b", views).add("n", numbers).serialized());
    }
    writer.close();
    return file(name);
  }
};

}  // namespace

TEST_CASE("vocabulary_builder: values of TFRecord files, of several keys, by any number of threads") {
  const TextFiles files;
  files.write_examples("0.tfrecord", 10);
  files.write_examples("1.tfrecord", 6);
  const CountValuesOptions words{.files = files.file("*.tfrecord"), .keys = {"a", "b"}};
  for (const int threads : {1, 3}) {
    const ThreadLimit limit(threads);
    const VocabularySummary summary =
        build_vocabulary(words, {.path = files.file("words"), .min_count = 2, .counts_path = files.file("counts")});
    // v1 in all 16, v2 in 5 + 3, v3 in 3 + 2, v4 in 2 + 1, v5 in 2 + 1, v6 in 1 + 1, v7 ... v10 in 1.
    CHECK(files.text("words") == "v1\nv2\nv3\nv4\nv5\nv6\n");
    CHECK(files.text("counts") == "16\n8\n5\n3\n3\n2\n");
    CHECK(summary.size == 6);
    CHECK(summary.distinct == 10);
    CHECK(summary.occurrences == 37);
    CHECK(summary.total == 41);
    CHECK(Vocabulary::from_file(files.file("words")).find("v3") == 2);
  }
  const CountValuesOptions numbers{.files = files.file("*.tfrecord"), .keys = {"n"}, .integers = true};
  build_vocabulary(numbers, {.path = files.file("numbers"), .top_k = 4});
  CHECK(files.text("numbers") == "1\n2\n3\n4\n");
  build_vocabulary(numbers, {.path = files.file("n.tfrecord.gz"), .top_k = 2});
  CHECK(Vocabulary::from_file(files.file("n.tfrecord.gz"), {.integers = true}).find(2) == 1);
  const CountValuesOptions even{.files = files.file("*.tfrecord"), .keys = {"a"}};
  CHECK(count_values(even).total() == 26);
}

TEST_CASE("vocabulary_builder: values of CSV and text files") {
  const TextFiles files;
  const std::string csv = files.put("a.csv", "x,y\nb|a,\"b\n|\"\n,a\n");
  const CountValuesOptions options{.files = csv, .format = ValueFormat::csv, .keys = {"x", "y"}};
  const VocabularyCounts counts = count_values(options);
  CHECK(counts.size() == 3);
  write_vocabulary(counts, {.path = files.file("any.tfrecord.gz")});
  CHECK(count_vocabulary(files.file("any.tfrecord.gz")) == 3);
  CHECK(write_vocabulary(counts, {.path = files.file("two"), .top_k = 2}).size == 2);
  CHECK(files.text("two") == "a\nb\n");
  CHECK_THROWS_WITH_AS(write_vocabulary(counts, {.path = files.file("three")}),
                       doctest::Contains("got the value \"b?\", expected none with a line end"), ValueError);
  CHECK_FALSE(std::filesystem::exists(files.file("three")));
  const std::string text = files.put("a.txt", "b,c\r\n\nd|\"e\n b\nb,c\n");
  build_vocabulary({.files = text, .format = ValueFormat::text}, {.path = files.file("lines")});
  CHECK(files.text("lines") == "b,c\n b\nd|\"e\n");
}

TEST_CASE("vocabulary_builder: what can't be is refused") {
  const TextFiles files;
  const std::string records = files.write_examples("a.tfrecord", 4);
  const auto count = [&](CountValuesOptions options) {
    options.files = records;
    return count_values(options);
  };
  CHECK_THROWS_WITH_AS(count({.keys = {"c"}}), doctest::Contains("a.tfrecord: got no value of 'c'"), DataError);
  CHECK_THROWS_AS(count({}), ValueError);
  CHECK_THROWS_AS(count({.format = ValueFormat::text, .keys = {"a"}}), ValueError);
  CHECK_THROWS_AS(count({.format = ValueFormat::text, .compression = "GZIP"}), ValueError);
  CHECK_THROWS_AS(count({.keys = {"a"}, .integers = true}), DataError);
  const VocabularyCounts counts = count({.keys = {"a"}});
  CHECK_THROWS_AS(write_vocabulary(counts, {}), ValueError);
  CHECK_THROWS_WITH_AS(write_vocabulary(counts, {.path = files.file("b"), .min_count = 9}),
                       doctest::Contains("no value that occurs 9 times among 3 different ones"), ValueError);
  CHECK_THROWS_AS(write_vocabulary(counts, {.path = files.file("none/b")}), IoError);
}
#endif

}  // namespace weft
