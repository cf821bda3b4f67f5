// CsvParser: lines of cells become features.
#pragma once
#include <weft/core/features.h>
#include <weft/io/example_plan.h>
#include <weft/io/read_csv.h>
#include <weft/io/record_batches.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weft {

/// How cells lie in a line; the fields are those of ReadCsvOptions.
struct CsvFormat {
  char delimiter = ',';
  char value_separator = '|';
  char quote = '"';
  std::vector<std::string> missing = {""};
};

/// The cells of a line as strings: a header. Throws DataError (`place`) for quotes that are out of place.
std::vector<std::string> csv_cells(std::string_view line, const CsvFormat& format, const std::string& place);

/// Parses batches of lines by one specification. Const, so that several threads may use one parser on different
/// outputs.
class CsvParser {
 public:
  /// `header` names the cells of a line. Throws ValueError for a specification or a format that can't be; DataError
  /// (`place`) for a header that lacks a column or has one twice.
  CsvParser(ParseSpec spec, CsvFormat format, std::vector<std::string> header, const std::string& place);

  /// Strings of `out` are views into the lines or into drawn.room. `files` name the records' files in errors.
  void parse(DrawnRecords& drawn, std::span<const std::string> files, Features& out) const;

 private:
  class Batch;

  ExamplePlan plan_;
  CsvFormat format_;
  std::vector<std::string> header_;
  std::vector<int32_t> columns_;  ///< of the plan, a cell of a line; -1: not asked for
  bool empty_is_missing_ = false;
};

}  // namespace weft
