// LibsvmParser: a line is cut at blanks, its parts at colons.
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/io/feature_rows.h>
#include <weft/io/libsvm_parser.h>
#include <weft/io/text_number.h>

#include <algorithm>
#include <set>

namespace weft {
namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

/// Takes the next run of bytes that are no blanks; empty at the end of the line.
std::string_view take_part(std::string_view& line) {
  const auto* begin = std::find_if_not(line.begin(), line.end(), is_blank);
  const auto* end = std::find_if(begin, line.end(), is_blank);
  line.remove_prefix(static_cast<size_t>(end - line.begin()));
  return {begin, static_cast<size_t>(end - begin)};
}

/// Takes the text before the next colon, and the colon. False if there is none.
bool take_before_colon(std::string_view& part, std::string_view& text) {
  const size_t colon = part.find(':');
  if (colon == std::string_view::npos) return false;
  text = part.substr(0, colon);
  part.remove_prefix(colon + 1);
  return true;
}

}  // namespace

LibsvmParser::LibsvmParser(LibsvmFormat format) : format_(std::move(format)) {
  const auto& where = format_.where;
  if (format_.label_type != DataType::float32 && format_.label_type != DataType::int64) {
    throw ValueError(fmt::format("[{}] label_type: got {}, expected float32 or int64. Choose one of the two.", where,
                                 to_string(format_.label_type)));
  }
  std::set<std::string> keys;
  size_t wanted = 2 * format_.fields.size();
  for (const auto& field : format_.fields) keys.insert({field.key, field.weight_key});
  if (!format_.qid_key.empty()) keys.insert(format_.qid_key), ++wanted;
  if (keys.size() != wanted || keys.contains("")) {
    throw ValueError(
        fmt::format("[{}] the features' keys: got {} different ones in [{}], expected {}, none empty. Give "
                    "every feature a key of its own.",
                    where, keys.size(), fmt::join(keys, ", "), wanted));
  }
}

/// One batch on its way.
class LibsvmParser::Lines {
 public:
  Lines(const LibsvmFormat& format, DrawnRecords& drawn, std::span<const std::string> files, weft::Batch& out)
      : format_(format), drawn_(drawn), files_(files), labels_(out.labels), columns_(drawn.columns) {
    columns_.clear();
    for (const auto& field : format.fields) {
      begin_rows(*columns_.emplace_back(&out.features[field.key]), DataType::int64, true);
      begin_rows(*columns_.emplace_back(&out.features[field.weight_key]), DataType::float32, true);
    }
    if (!format.qid_key.empty()) {
      qids_ = &out.features[format.qid_key];
      begin_rows(*qids_, DataType::int64, false);
    }
    begin_rows(labels_, format.label_type, false);
    out.features.clear_prepared();
  }

  void parse() {
    for (const FiledRecord& record : drawn_.records) {
      record_ = &record;
      parse_line(record.record.data.substr(0, record.record.data.find('#')));
      for (Feature* column : columns_) end_row(*column);
    }
    const auto batch = std::ssize(drawn_.records);
    const int64_t one = 1;
    for (Feature* column : columns_) finish_rows(*column, batch, {});
    finish_rows(labels_, batch, {&one, 1});
    if (qids_ != nullptr) finish_rows(*qids_, batch, {&one, 1});
  }

 private:
  void parse_line(std::string_view line) {
    add_label(take_part(line));
    std::string_view part = take_part(line);
    if (part.starts_with("qid:") || qids_ != nullptr) {
      add_qid(part);
      part = take_part(line);
    }
    for (; !part.empty(); part = take_part(line)) add_value(part);
  }

  void add_label(std::string_view text) {
    float value = 0.0f;
    int64_t integer = 0;
    const bool integers = format_.label_type == DataType::int64;
    const bool sound = integers ? parse_number(text, integer) : parse_number(text, value);
    if (!sound) {
      fail(fmt::format("got the label {}, expected {}. Start every line with one label.", shown(text),
                       integers ? "an int64" : "a float32"));
    }
    if (format_.signed_labels) {
      const double label = integers ? static_cast<double>(integer) : value;
      if (label != -1.0 && label != 0.0 && label != 1.0)
        fail(fmt::format("got the label {}, expected -1, 0 or 1. Set signed_labels = false to read it as it is.",
                         shown(text)));
      integer = label == 1.0;
      value = label == 1.0 ? 1.0f : 0.0f;
    }
    integers ? labels_.integers.push_back(integer) : labels_.floats.push_back(value);
  }

  void add_qid(std::string_view part) {
    if (qids_ == nullptr)
      fail(fmt::format("got {}, expected no query. Name a key for it in the option qid_key.", shown(part)));
    int64_t qid = 0;
    if (!part.starts_with("qid:") || !parse_number(part.substr(4), qid)) {
      fail(
          fmt::format("got {} after the label, expected qid:<int64>. Write one in every line, or leave out the option "
                      "qid_key.",
                      shown(part)));
    }
    qids_->integers.push_back(qid);
  }

  void add_value(std::string_view part) {
    const std::string_view whole = part;
    std::string_view field_text = "0", index_text;
    int64_t field = 0, index = 0;
    float value = 0.0f;
    if ((format_.has_fields && !take_before_colon(part, field_text)) || !take_before_colon(part, index_text) ||
        !parse_number(field_text, field) || !parse_number(index_text, index) || !parse_number(part, value)) {
      fail(fmt::format("got {}, expected {}, an int64 {}a float32. Correct it.", shown(whole),
                       format_.has_fields ? "field:index:value" : "index:value",
                       format_.has_fields ? "twice and " : "and "));
    }
    if (field < 0 || field >= std::ssize(format_.fields)) {
      fail(fmt::format("got the field {} in {}, expected 0 to {}. Name more fields in the options.", field,
                       shown(whole), format_.fields.size() - 1));
    }
    if (index < format_.first_index) {
      fail(fmt::format("got the index {} in {}, expected at least {}. {}", index, shown(whole), format_.first_index,
                       index == 0 ? "Set zero_based = true if indices start at 0." : "Correct it."));
    }
    const auto column = 2 * static_cast<size_t>(field);
    columns_[column]->integers.push_back(index - format_.first_index);
    columns_[column + 1]->floats.push_back(value);
  }

  [[noreturn]] void fail(const std::string& what) const {
    const auto& record = record_->record;
    const std::string file = files_.empty() ? "" : files_[static_cast<size_t>(record_->file)] + ", ";
    throw DataError(fmt::format("[{}] {}line {}: {}", format_.where, file, record.number, what));
  }

  const LibsvmFormat& format_;
  DrawnRecords& drawn_;
  std::span<const std::string> files_;
  Feature& labels_;
  std::vector<Feature*>& columns_;  ///< indices and values of field 0, of field 1, ...
  Feature* qids_ = nullptr;
  const FiledRecord* record_ = nullptr;
};

void LibsvmParser::parse(DrawnRecords& drawn, std::span<const std::string> files, Batch& out) const {
  Lines(format_, drawn, files, out).parse();
}

}  // namespace weft
