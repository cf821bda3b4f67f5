// CsvParser: lines of cells become features.
#pragma once
#include <weft/core/features.h>
#include <weft/io/csv_cells.h>
#include <weft/io/example_plan.h>
#include <weft/io/read_csv.h>
#include <weft/io/record_batches.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace weft {

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
