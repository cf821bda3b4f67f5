// Vocabularies from data: count the values of features, keep the frequent ones.
#pragma once
#include <weft/core/features.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weft {

/// How often each value occurred: strings or int64s. The empty string and -1, which stand for no value in padded
/// features, are not counted. Takes about 40 bytes and its own (for an integer: 32) a different value.
class VocabularyCounts {
 public:
  /// Of DataType::string or DataType::int64. Throws ValueError for another.
  explicit VocabularyCounts(DataType type = DataType::string);
  VocabularyCounts(VocabularyCounts&&) noexcept;
  VocabularyCounts& operator=(VocabularyCounts&&) noexcept;
  ~VocabularyCounts();

  /// Counts values; safe from several threads at once. Throws ValueError for values of the other type.
  void add(std::span<const std::string_view> words);
  void add(std::span<const int64_t> numbers);

  bool integers() const;
  int64_t size() const;     ///< different values
  int64_t total() const;    ///< values counted
  int64_t ignored() const;  ///< empty strings, -1

  struct Entry {
    std::string_view word;  ///< of strings; valid as long as the counts
    int64_t number;         ///< of integers
    int64_t count;
  };
  /// The most frequent first, equally frequent ones in the order of their bytes (numbers: ascending): the same for any
  /// number of threads. At most top_k (-1: all), none that occurs less than min_count times.
  std::vector<Entry> most_frequent(int64_t top_k = -1, int64_t min_count = 1) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// tfrecord: features of tf.train.Example; csv: columns as read_csv reads them; text: every line is a value.
enum class ValueFormat { tfrecord, csv, text };

/// Which values to count.
struct CountValuesOptions {
  /// As ReadExamplesOptions.
  std::string files = {};
  std::vector<std::string> more_files = {};
  ValueFormat format = ValueFormat::tfrecord;
  /// Features or columns with any number of values; one vocabulary for all of them. None for text.
  std::vector<std::string> keys = {};
  /// The values are int64s.
  bool integers = false;
  /// Of TFRecord files: "", "GZIP" or "ZLIB". Others are read as gzip if their name ends in ".gz".
  std::string compression = {};
  /// Of CSV files: as ReadCsvOptions.
  char delimiter = ',';
  char value_separator = '|';
  char quote = '"';
  std::vector<std::string> missing = {""};
  std::vector<std::string> header = {};
  /// Told how many examples, rows or lines were counted since the last call.
  std::function<void(int64_t examples)> progress = {};
};
/// Reads the files once, with all threads. Throws as read_examples and read_csv, their DataErrors too; DataError for a
/// key without any value.
VocabularyCounts count_values(const CountValuesOptions& options);

/// Which values to write, and where.
struct WriteVocabularyOptions {
  /// A value a line, as Vocabulary::from_file reads it; a record each if the name ends in "tfrecord.gz".
  std::string path = {};
  int64_t top_k = -1;  ///< the most frequent; -1: all
  int64_t min_count = 1;
  /// A text file of the counts too, line n for value n; empty: none.
  std::string counts_path = {};
};
/// What a vocabulary holds of what was counted.
struct VocabularySummary {
  int64_t size = 0;         ///< values written: the vocabulary_size of a column
  int64_t distinct = 0;     ///< different values counted
  int64_t occurrences = 0;  ///< of the values written
  int64_t total = 0;        ///< of all
};
/// Writes the most frequent values; the files appear whole or not at all, the vocabulary last. Throws ValueError for
/// options that can't be, if no value is left, and for a value with a line end in it; IoError.
VocabularySummary write_vocabulary(const VocabularyCounts& counts, const WriteVocabularyOptions& options);

/// Both: build_vocabulary({.files = "train-*.tfrecord", .keys = {"watched", "shown"}},
///                        {.path = "videos.txt", .min_count = 5}).
VocabularySummary build_vocabulary(const CountValuesOptions& count, const WriteVocabularyOptions& write);

}  // namespace weft
