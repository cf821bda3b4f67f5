// Fuzz target: a CSV file. Its cells must be those that a reading byte by byte finds. The first byte chooses the
// format.
#include <weft/core/error.h>
#include <weft/io/read_csv.h>

#include <optional>
#include <vector>

#include "support/fuzz.h"

namespace {

using namespace weft;

using Table = std::vector<std::vector<std::string>>;

/// RFC 4180, with lines that end with LF too and empty lines left out. Nothing for what it does not allow.
class PlainReader {
 public:
  PlainReader(std::string_view text, char quote, char delimiter) : text_(text), quote_(quote), delimiter_(delimiter) {
    if (text_.starts_with("\xef\xbb\xbf")) at_ = 3;
  }
  std::optional<Table> read() {
    if (text_.starts_with("\xff\xfe") || text_.starts_with("\xfe\xff")) return {};
    Table table;
    while (at_ < text_.size()) {
      if (take_line_end()) continue;
      auto& row = table.emplace_back();
      do {
        if (!read_cell(row.emplace_back())) return {};
      } while (take_delimiter());
      if (!take_line_end() && at_ < text_.size()) return {};
      if (row.size() != 2) return {};
    }
    return table;
  }

 private:
  /// Bytes of the line end here; 0: there is none. A CR at the end of the text belongs to it.
  size_t line_end() const {
    const std::string_view rest = text_.substr(at_);
    return rest.starts_with("\n") || rest == "\r" ? 1 : rest.starts_with("\r\n") ? 2 : 0;
  }
  bool take_line_end() {
    const size_t size = line_end();
    at_ += size;
    return size > 0;
  }
  bool take_delimiter() {
    if (at_ == text_.size() || text_[at_] != delimiter_) return false;
    ++at_;
    return true;
  }
  bool read_cell(std::string& cell) {
    if (quote_ == '\0' || at_ == text_.size() || text_[at_] != quote_) {
      for (; at_ < text_.size() && text_[at_] != delimiter_ && line_end() == 0; ++at_) {
        if (quote_ != '\0' && text_[at_] == quote_) return false;
        cell += text_[at_];
      }
      return true;
    }
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == quote_ && (at_ + 1 == text_.size() || text_[at_ + 1] != quote_)) break;
      if (text_[at_] == quote_) ++at_;
      cell += text_[at_];
    }
    if (at_ == text_.size()) return false;  // no quote at the end
    ++at_;
    return true;
  }

  std::string_view text_;
  char quote_;
  char delimiter_;
  size_t at_ = 0;
};

std::optional<Table> read(ReadCsvOptions options) {
  options.spec = {{"a", VarLenFeature{}}, {"b", VarLenFeature{}}};
  options.header = {"a", "b"};
  options.value_separator = '\0';
  options.missing = {};
  Table table;
  try {
    Dataset dataset = read_csv(options);
    while (const Batch* batch = dataset.next()) {
      const auto &a = batch->features.at("a").strings, &b = batch->features.at("b").strings;
      for (size_t i = 0; i < a.size(); ++i) table.push_back({std::string(a[i]), std::string(b[i])});
    }
  } catch (const DataError&) {
    return {};
  }
  return table;
}

/// Lists of numbers under a header that the file has: must not break.
void read_numbers(ReadCsvOptions options) {
  options.spec = {{"a", VarLenFeature{.type = DataType::int64}},
                  {"b", FixedLenFeature{.shape = {2}, .default_value = {{.floats = {1, 2}}}}}};
  try {
    Dataset dataset = read_csv(options);
    while (dataset.next() != nullptr) continue;
  } catch (const DataError&) {
    return;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text = fuzz::text_of(data, size);
  const uint8_t choice = fuzz::take_choice(text);
  const fuzz::MemoryFile file(text);
  ReadCsvOptions options{.files = file.path(),
                         .batch_size = 1 + choice / 4 % 4,
                         .shuffle_buffer = 0,
                         .delimiter = choice % 2 == 0 ? ',' : '\t',
                         .quote = choice / 2 % 2 == 0 ? '"' : '\0'};
  const auto expected = PlainReader(text, options.quote, options.delimiter).read(), found = read(options);
  fuzz::check(expected.has_value() == found.has_value(), "the plain reading disagrees");
  fuzz::check(expected == found, "the plain reading finds other cells");
  read_numbers(options);
  return 0;
}
