// CsvParser: walks the cells of a line, and hands each to the column that wants it.
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/io/csv_cells.h>
#include <weft/io/csv_parser.h>
#include <weft/io/example_rules.h>
#include <weft/io/feature_rows.h>
#include <weft/io/text_number.h>

#include <algorithm>

namespace weft {
namespace {

void check(const CsvFormat& format) {
  const auto refuse = [](std::string_view what, char c) {
    throw ValueError(
        fmt::format("[read_csv] {}: got {}, expected different characters, none of them a line end. "
                    "Choose another.",
                    what, shown(std::string_view(&c, 1))));
  };
  for (const char c : {format.delimiter, format.quote, format.value_separator})
    if (c == '\n' || c == '\r') refuse("a separator or quote", c);
  if (format.quote != '\0' && (format.quote == format.delimiter || format.quote == format.value_separator))
    refuse("quote and a separator are the same", format.quote);
  if (format.delimiter != '\0' && format.delimiter == format.value_separator)
    refuse("delimiter and value_separator are the same", format.delimiter);
}

std::vector<int32_t> columns_of(const ExamplePlan& plan, const std::vector<std::string>& header,
                                const std::string& place) {
  std::vector<int32_t> columns;
  std::vector<size_t> times(plan.columns.size());
  for (const std::string& name : header) {
    const size_t column = plan.find(name);
    const bool wanted = column != plan.columns.size();
    columns.push_back(wanted ? static_cast<int32_t>(column) : -1);
    if (wanted) ++times[column];
  }
  for (size_t i = 0; i < times.size(); ++i) {
    if (times[i] == 1) continue;
    throw DataError(
        fmt::format("[read_csv] {}: the header has the column '{}' {} times, expected once: got [{}]. {}", place,
                    plan.columns[i].key, times[i], fmt::join(header, ", "),
                    times[i] == 0 ? "Correct the spec's key, the delimiter or the header." : "Rename one of them."));
  }
  return columns;
}

void check(const ParseSpec& spec) {
  for (const auto& [key, feature] : spec) {
    if (std::holds_alternative<FixedLenFeature>(feature) || std::holds_alternative<VarLenFeature>(feature)) continue;
    throw ValueError(
        fmt::format("[read_csv] key '{}': got another kind of feature, expected a FixedLenFeature or a "
                    "VarLenFeature. Change the spec.",
                    key));
  }
}

ParseSpec checked(ParseSpec spec) {
  check(spec);
  return spec;
}

std::string_view expected(DataType type) {
  return type == DataType::int64 ? "an int64" : "a float32";
}

}  // namespace

CsvParser::CsvParser(ParseSpec spec, CsvFormat format, std::vector<std::string> header, const std::string& place)
    : plan_(checked(std::move(spec))),
      format_(std::move(format)),
      header_(std::move(header)),
      columns_(columns_of(plan_, header_, place)),
      empty_is_missing_(std::ranges::find(format_.missing, "") != format_.missing.end()) {
  check(format_);
}

/// One batch on its way.
class CsvParser::Batch {
 public:
  Batch(const CsvParser& parser, DrawnRecords& drawn, std::span<const std::string> files, Features& out)
      : parser_(parser), drawn_(drawn), files_(files), features_(drawn.columns) {
    features_.clear();
    for (const ExampleColumn& column : parser.plan_.columns) {
      features_.push_back(&out[column.key]);
      begin_rows(*features_.back(), column.type, !column.fixed);
    }
    out.clear_prepared();
  }

  void parse() {
    for (record_ = drawn_.records.data(); record_ != drawn_.records.data() + drawn_.records.size(); ++record_) {
      parse_line(record_->record.data);
    }
    for (size_t i = 0; i < features_.size(); ++i)
      finish_rows(*features_[i], std::ssize(drawn_.records), parser_.plan_.columns[i].shape);
  }

 private:
  void parse_line(std::string_view line) {
    CsvCells cells(line, parser_.format_);
    cell_ = 0;
    const size_t count = parser_.columns_.size();
    for (CsvCells::Cell cell; cells.next(cell); ++cell_) {
      const int32_t column = cell_ < count ? parser_.columns_[cell_] : -1;
      if (column >= 0) add_cell(static_cast<size_t>(column), cell.doubled ? undoubled(cell.text) : cell.text);
    }
    if (cells.problem() != nullptr) fail(fmt::format("got {}.", cells.problem()));
    if (cell_ != count) fail_count();
  }

  void add_cell(size_t index, std::string_view text) {
    const ExampleColumn& column = parser_.plan_.columns[index];
    Feature& feature = *features_[index];
    if (!column.fixed) {
      if (!missing(text)) add_list(column, feature, text);
      end_row(feature);
    } else if (missing(text)) {
      add_default(column, feature);
    } else if (column.elements == 1) {
      add_value(column, feature, text);
    } else {
      const int64_t before = feature.size();
      add_list(column, feature, text);
      if (feature.size() - before != column.elements)
        fail(
            fmt::format("got {} values in {}, expected {} (the shape {}). Write as many values, with '{}' between "
                        "them.",
                        feature.size() - before, shown(text), column.elements, shape_text(column.shape),
                        parser_.format_.value_separator));
    }
  }

  void add_list(const ExampleColumn& column, Feature& feature, std::string_view text) {
    const char separator = parser_.format_.value_separator;
    while (separator != '\0') {
      const size_t size = find_char(text, separator);
      if (size == text.size()) break;
      if (const auto value = text.substr(0, size); !missing(value)) add_value(column, feature, value);
      text.remove_prefix(size + 1);
    }
    if (!missing(text)) add_value(column, feature, text);
  }

  void add_value(const ExampleColumn& column, Feature& feature, std::string_view text) {
    bool sound = true;
    if (column.type == DataType::string) {
      feature.strings.push_back(text);
    } else if (column.type == DataType::int64) {
      sound = parse_number(text, feature.integers.emplace_back());
    } else {
      sound = parse_number(text, feature.floats.emplace_back());
    }
    if (!sound)
      fail(fmt::format("got {}, expected {}. Correct the cell, read the column as {}, or add the text to missing.",
                       shown(text), expected(column.type), column.type == DataType::int64 ? "float32" : "string"));
  }

  void add_default(const ExampleColumn& column, Feature& feature) {
    if (!column.has_default)
      fail(
          "the cell has no value, and the column no default. Write a value, or give the FixedLenFeature a "
          "default_value.");
    const auto append = [](auto& values, const auto& more) { values.insert(values.end(), more.begin(), more.end()); };
    append(feature.strings, column.default_strings);
    append(feature.integers, column.default_value.integers);
    append(feature.floats, column.default_value.floats);
  }

  bool missing(std::string_view text) const {
    if (text.empty()) return parser_.empty_is_missing_;
    for (const std::string& mark : parser_.format_.missing)
      if (mark == text) return true;
    return false;
  }

  /// A copy with every doubled quote once, which lives as long as the batch.
  std::string_view undoubled(std::string_view text) {
    if (room_ == nullptr) {
      size_t bytes = 0;  // of all lines: more is never needed, so the room does not move
      for (const FiledRecord& record : drawn_.records) bytes += record.record.data.size();
      if (drawn_.room.size() < bytes) drawn_.room.resize(bytes);
      room_ = drawn_.room.data();
    }
    const char* begin = room_;
    room_ = undouble_quotes(text, parser_.format_.quote, room_);
    return {begin, static_cast<size_t>(room_ - begin)};
  }

  std::string place() const {
    const std::string line = fmt::format("line {}", record_->record.number);
    return files_.empty() ? line : fmt::format("{}, {}", files_[static_cast<size_t>(record_->file)], line);
  }
  [[noreturn]] void fail(const std::string& what) const {
    const auto& header = parser_.header_;
    throw DataError(fmt::format("[read_csv] {}, column {}: {}", place(),
                                cell_ < header.size() ? header[cell_] : std::to_string(cell_), what));
  }
  [[noreturn]] void fail_count() const {
    throw DataError(
        fmt::format("[read_csv] {}: got {} cells, expected {}, one a name of the header. Enclose cells with "
                    "a delimiter in them in quotes, and write empty cells too.",
                    place(), cell_, parser_.columns_.size()));
  }

  const CsvParser& parser_;
  DrawnRecords& drawn_;
  std::span<const std::string> files_;
  std::vector<Feature*>& features_;  ///< a column of the plan
  const FiledRecord* record_ = nullptr;
  size_t cell_ = 0;
  char* room_ = nullptr;
};

void CsvParser::parse(DrawnRecords& drawn, std::span<const std::string> files, Features& out) const {
  Batch(*this, drawn, files, out).parse();
}

}  // namespace weft
