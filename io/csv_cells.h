// CsvCells: the cells of a line of CSV as they stand in it.
#pragma once
#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace weft {

/// Where `c` is in the text, or its end.
inline size_t find_char(std::string_view text, char c) {
  const void* found = text.empty() ? nullptr : std::memchr(text.data(), c, text.size());
  return found == nullptr ? text.size() : static_cast<size_t>(static_cast<const char*>(found) - text.data());
}

/// How cells lie in a line; the fields are those of ReadCsvOptions.
struct CsvFormat {
  char delimiter = ',';
  char value_separator = '|';
  char quote = '"';
  std::vector<std::string> missing = {""};
};

/// The cells of a line as strings: a header. Throws DataError (`place`) for quotes that are out of place.
std::vector<std::string> csv_cells(std::string_view line, const CsvFormat& format, const std::string& place);

/// The cells of one line in order.
class CsvCells {
 public:
  /// A cell as it stands in the line.
  struct Cell {
    std::string_view text;  ///< without the quotes around it
    bool doubled = false;   ///< quotes in it are doubled
  };
  CsvCells(std::string_view line, const CsvFormat& format)
      : left_(line),
        delimiter_(format.delimiter),
        quote_(format.quote),
        quotes_(format.quote != '\0' && find_char(line, format.quote) != line.size()) {}

  /// False after the last cell, and at a quote out of place, which problem() then tells.
  bool next(Cell& cell) {
    if (ended_) return false;
    if (quotes_ && !left_.empty() && left_.front() == quote_) return next_quoted(cell);
    const size_t size = delimiter_ == '\0' ? left_.size() : find_char(left_, delimiter_);
    cell = {left_.substr(0, size)};
    if (quotes_ && find_char(cell.text, quote_) != size) {
      return fail(
          "a quote within a cell that does not start with one. Enclose the cell in quotes and double those in "
          "it, or set quote = '\\0' if quotes are text");
    }
    return end_cell(size);
  }
  const char* problem() const { return problem_; }

 private:
  bool next_quoted(Cell& cell) {
    cell.doubled = false;
    size_t end = 1;
    while (true) {
      end += find_char(left_.substr(end), quote_);
      if (end == left_.size()) return fail("a quoted cell that has no end. Close the quote");
      if (end + 1 == left_.size() || left_[end + 1] != quote_) break;
      cell.doubled = true;
      end += 2;
    }
    cell.text = left_.substr(1, end - 1);
    if (end + 1 != left_.size() && (delimiter_ == '\0' || left_[end + 1] != delimiter_))
      return fail("text after the quote that ends a cell. Double quotes that are text");
    return end_cell(end + 1);
  }
  bool end_cell(size_t size) {
    ended_ = size == left_.size();
    left_.remove_prefix(size + !ended_);
    return true;
  }
  bool fail(const char* problem) {
    problem_ = problem;
    ended_ = true;
    return false;
  }

  std::string_view left_;
  char delimiter_;
  char quote_;
  bool quotes_;  ///< there is one in the line
  bool ended_ = false;
  const char* problem_ = nullptr;
};

/// Writes the text with every doubled quote once; returns the end.
char* undouble_quotes(std::string_view text, char quote, char* out);

}  // namespace weft
