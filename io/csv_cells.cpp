// CsvCells: quotes taken away.
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/io/csv_cells.h>

#include <algorithm>

namespace weft {

char* undouble_quotes(std::string_view text, char quote, char* out) {
  while (!text.empty()) {
    const size_t size = find_char(text, quote);
    const size_t with_quote = std::min(size + 1, text.size());
    out = std::copy_n(text.data(), with_quote, out);
    text.remove_prefix(std::min(size + 2, text.size()));
  }
  return out;
}

std::vector<std::string> csv_cells(std::string_view line, const CsvFormat& format, const std::string& place) {
  std::vector<std::string> texts;
  CsvCells cells(line, format);
  for (CsvCells::Cell cell; cells.next(cell);) {
    std::string& text = texts.emplace_back(cell.text);
    if (cell.doubled)
      text.resize(static_cast<size_t>(undouble_quotes(cell.text, format.quote, text.data()) - text.data()));
  }
  if (cells.problem() != nullptr) {
    throw DataError(fmt::format("[read_csv] {}, line 1, column {}: got {}.", place, texts.size(), cells.problem()));
  }
  return texts;
}

}  // namespace weft
