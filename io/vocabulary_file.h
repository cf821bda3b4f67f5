// Reading of vocabulary files: one word a line, or one word a record of a *.tfrecord.gz.
#pragma once
#include <weft/core/buffer.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weft {

/// The start of a text file in memory: up to `lines` lines, from byte 1 on (byte 0 is free: see WordTable).
class VocabularyText {
 public:
  /// Reads until there are max_lines lines (-1: all). Throws IoError.
  VocabularyText(const std::string& path, int64_t max_lines);

  /// Lines that were read; a last one without its newline counts.
  int64_t lines() const { return lines_; }
  /// The next line as TensorFlow reads it: without its newline and one CR before that. Nothing at the end. Throws
  /// DataError (path, line, position) for a blank line.
  std::optional<std::string_view> next();
  /// Gives the memory away; what next() gave stays valid.
  Buffer buffer() const { return buffer_; }

 private:
  void read(int file, size_t expected, int64_t max_lines);

  std::string path_;
  Buffer buffer_;
  size_t size_ = 0;      ///< bytes of text
  size_t position_ = 0;  ///< of the next line, in the text
  int64_t lines_ = 0;
  int64_t line_ = 0;
};

/// int64 of a word, with spaces around it allowed, as TensorFlow reads it.
std::optional<int64_t> parse_vocabulary_integer(std::string_view word);

}  // namespace weft
