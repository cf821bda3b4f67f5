// Vocabulary: words to ids, probed with views.
#pragma once
#include <weft/io/hash.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weft {

struct VocabularyOptions {
  /// Words to use from the start of the file; -1: all. For files only.
  int64_t size = -1;
  /// A word outside gets size + fingerprint64(word) mod num_oov_buckets ...
  int64_t num_oov_buckets = 0;
  /// ... or, without buckets, this id.
  int64_t default_value = -1;
  /// The words are integers (text of a line is parsed as int64).
  bool integers = false;
};

/// A table from word to line number: a value that is moved; look-ups are const and safe from several threads.
class Vocabulary {
 public:
  /// One word a line: a CR before the newline is dropped, spaces count (tf.lookup.TextFileInitializer). A file whose
  /// name ends in "tfrecord.gz" has one word a record. Throws IoError if the file can't be read, DataError (path, line)
  /// for a file with fewer words than asked for or none, a blank line, a repeated word, or a line that is no integer
  /// where integers are asked for; ValueError for options that can't be.
  static Vocabulary from_file(const std::string& path, const VocabularyOptions& options = {});
  /// The words themselves; any bytes, the empty word too. Throws ValueError for no words or a repeated one.
  static Vocabulary from_list(std::span<const std::string> words, const VocabularyOptions& options = {});
  static Vocabulary from_list(std::span<const int64_t> words, const VocabularyOptions& options = {});
  Vocabulary(Vocabulary&&) noexcept;
  Vocabulary& operator=(Vocabulary&&) noexcept;
  ~Vocabulary();

  int64_t size() const;
  /// size() + num_oov_buckets.
  int64_t num_buckets() const;
  /// The id of a word: in [0, size()), an out-of-vocabulary bucket, or the default. Throws ValueError if the vocabulary
  /// is one of integers (and the other way round).
  int64_t find(std::string_view word) const;
  int64_t find(int64_t word) const;
  /// out[i] = find(words[i]); probes many words at once, which hides the waits for memory. Returns how many are not in
  /// the vocabulary.
  int64_t find(std::span<const std::string_view> words, std::span<int64_t> out) const;
  int64_t find(std::span<const int64_t> words, std::span<int64_t> out) const;
  bool integers() const;
  /// The word of an id. Throws ValueError unless 0 <= id < size() and the words are strings. Valid as long as the
  /// vocabulary.
  std::string_view word(int64_t id) const;

 private:
  struct State;
  explicit Vocabulary(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// Lines of a vocabulary file (or records of a *tfrecord.gz), what vocabulary_size becomes when it is not given. Throws
/// IoError (a missing file), DataError (an empty one).
int64_t count_vocabulary(const std::string& path);

}  // namespace weft
