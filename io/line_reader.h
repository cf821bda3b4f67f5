// LineReader: the lines of a text file as records; a quoted field may hold newlines.
#pragma once
#include <weft/io/block_reader.h>
#include <weft/io/tfrecord.h>

#include <cstdint>
#include <optional>
#include <string>

namespace weft {

/// How lines are told apart.
struct LineFormat {
  char quote = '\0';      ///< encloses fields in which a newline is text; '\0': none
  char delimiter = '\0';  ///< ends a field; '\0': a line is one field
  /// Lines that are blank or start with this after blanks hold no record; '\0': only empty lines don't.
  char comment = '\0';
  std::string where = {};  ///< starts the texts of errors: "read_csv"
};

/// Gzip for a name that ends in ".gz".
Compression compression_by_name(const std::string& path);

/// Reads the lines of one file after another. A byte order mark of UTF-8 at the start is left out.
class LineReader {
 public:
  explicit LineReader(LineFormat format) : format_(std::move(format)) {}
  /// Goes to the start of a file. Throws IoError, DataError for UTF-16.
  void open(const std::string& path);
  /// The next line without its LF or CRLF, the last one with or without one; Record::number is its line, from 1.
  /// False at the end. `record` is valid until the next call, its data as long as a copy of *owner. Throws DataError
  /// (path, line) or IoError.
  bool next(RecordReader::Record& record);

 private:
  /// What a byte of a line with quotes would belong to.
  enum class State { field_start, unquoted, quoted, quote_in_quoted };
  struct Frame {
    size_t size;       ///< bytes before the line's end
    size_t skip;       ///< with it
    int64_t newlines;  ///< in all that
  };
  bool fill(size_t need);
  void skip_mark();
  bool read_more();
  bool find_end(Frame& frame);
  State walk(State state, const char* begin, const char* end) const;
  bool holds_record(const char* begin, const char* end) const;
  [[noreturn]] void fail(const std::string& what) const;

  LineFormat format_;
  std::string path_;
  std::optional<BlockReader> blocks_;  ///< its memory serves all files
  int64_t line_ = 1;
  int64_t offset_ = 0;
};

}  // namespace weft
