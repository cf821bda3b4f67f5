// Vocabulary: words to ids, probed with views.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weft {

/// farmhash Fingerprint64, as TensorFlow's string_to_hash_bucket_fast and its out-of-vocabulary buckets use it.
uint64_t fingerprint64(std::string_view bytes);
/// fingerprint64(bytes) mod buckets.
int64_t hash_bucket(std::string_view bytes, int64_t buckets);
/// The same of an integer's decimal text.
int64_t hash_bucket(int64_t value, int64_t buckets);

struct VocabularyOptions {
  /// Lines (words) to use from the start; -1: all. Throws DataError if the file has fewer.
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
  /// One word a line; a CR before the newline is dropped, spaces count. Throws IoError if the file can't be read, DataError (path, line) for an empty
  /// file, a repeated word, or a line that is no integer where integers are asked for.
  static Vocabulary from_file(const std::string& path, const VocabularyOptions& options = {});
  static Vocabulary from_list(std::span<const std::string> words, const VocabularyOptions& options = {});
  static Vocabulary from_list(std::span<const int64_t> words, const VocabularyOptions& options = {});
  Vocabulary(Vocabulary&&) noexcept;
  Vocabulary& operator=(Vocabulary&&) noexcept;
  ~Vocabulary();

  int64_t size() const;
  /// size() + num_oov_buckets.
  int64_t num_buckets() const;
  int64_t find(std::string_view word) const;
  int64_t find(int64_t word) const;
  /// out[i] = find(words[i]); probes many words at once, which hides the waits for memory.
  void find(std::span<const std::string_view> words, std::span<int64_t> out) const;
  void find(std::span<const int64_t> words, std::span<int64_t> out) const;
  /// The word of an id < size() (string vocabularies).
  std::string_view word(int64_t id) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Lines of a vocabulary file as tf.feature_column counts them (what vocabulary_size becomes when it is not given).
/// Throws IoError (a missing file), DataError (an empty one).
int64_t count_vocabulary(const std::string& path);

}  // namespace weft
