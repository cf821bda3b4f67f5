// WordVectorReader: the words and vectors of a file of word2vec, GloVe or fastText, one after another.
#pragma once
#include <weft/io/block_reader.h>
#include <weft/io/line_reader.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weft {

//   word2vec text, fastText .vec:  "<count> <dimension>\n"  then a line "<word> <number> ... <number>[ ]" each
//   GloVe text:                    the lines alone
//   word2vec binary:               "<count> <dimension>\n"  then "<word> " and <dimension> float32 each, little-endian,
//                                  with or without a newline after them
enum class WordVectorFormat { detect, word2vec_text, word2vec_binary, glove_text };

/// Reads a file in one pass; one whose name ends in ".gz" is inflated on the way. A word of a text may hold blanks (as
/// some of GloVe's do): the last `dimension` fields of its line are the numbers.
class WordVectorReader {
 public:
  struct Row {
    std::string_view word;
    std::span<const float> vector;  ///< [dimension]
    int64_t number = 0;             ///< of the row, from 0
    int64_t offset = 0;             ///< of its bytes in the file: of the line, or of the first float
  };

  /// Throws IoError; DataError (path, line) for a header that can't be, ValueError for glove_text asked of a name that
  /// is no file of it.
  explicit WordVectorReader(const std::string& path, WordVectorFormat format = WordVectorFormat::detect);

  WordVectorFormat format() const { return format_; }
  /// 0 for a file without rows or a header.
  int64_t dimension() const { return dimension_; }
  /// Rows that the header promises; absent without one.
  std::optional<int64_t> count() const { return count_; }
  /// The next row; false at the end. Views are valid until the next call. Throws DataError (path, and the line of a
  /// text or the row of a binary file): other than `dimension` numbers, no word, fewer or more rows than promised.
  bool next(Row& row);

 private:
  void open_text(bool header);
  void open_binary();
  bool next_line(Row& row);
  bool next_record(Row& row);
  void take_header(std::string_view line, int64_t number);
  bool fill(size_t need);
  void check_end() const;
  [[noreturn]] void fail(int64_t line, const std::string& what) const;

  std::string path_;
  WordVectorFormat format_;
  int64_t dimension_ = 0;
  std::optional<int64_t> count_;
  int64_t rows_ = 0;
  int64_t offset_ = 0;
  std::optional<LineReader> lines_;
  std::optional<BlockReader> blocks_;
  bool held_ = false;  ///< a line was read to learn the dimension, and is still to be handed out
  RecordReader::Record line_;
  std::vector<float> vector_;
};

}  // namespace weft
