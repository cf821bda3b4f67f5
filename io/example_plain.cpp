// The plain pass: TensorFlow's rules for an example one by one, and the errors.
#include <weft/core/error.h>
#include <weft/io/example_passes.h>
#include <weft/io/example_rules.h>

#include <fmt/format.h>

#include <iterator>

namespace weft {
namespace {

using wire::Bytes;

constexpr uint8_t kFirst = wire::tag(1, wire::kDelimited);
constexpr uint8_t kSecond = wire::tag(2, wire::kDelimited);
constexpr uint8_t kBytesList = wire::tag(1, wire::kDelimited);
constexpr uint8_t kFloatList = wire::tag(2, wire::kDelimited);
constexpr uint8_t kInt64List = wire::tag(3, wire::kDelimited);

// The start of some bytes, fit for a message.
std::string printable(std::string_view bytes) {
  constexpr size_t kMost = 32;
  std::string out;
  for (const char c : bytes.substr(0, kMost)) {
    if (c >= ' ' && c <= '~' && c != '\\')
      out += c;
    else
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<uint8_t>(c));
  }
  return bytes.size() > kMost ? out + "..." : out;
}

class PlainPass {
 public:
  PlainPass(const ExamplePlan& plan, int64_t row, ExampleOutput& output, const std::function<std::string()>& where)
      : plan_(plan), row_(row), output_(output), where_(where) {}

  void run(std::string_view example) {
    output_.entries.clear();
    if (!read_example(Bytes(example)))
      fail(fmt::format("Could not parse example input, value: '{}' ({} bytes). Check what wrote the record.",
                       printable(example), example.size()));
    // The last entry of a key counts: from the end, the others are those that come when the key has been seen.
    for (size_t i = output_.entries.size(); i-- > 0;) read_feature(output_.entries[i]);
    const size_t missing = output_.end_row(row_);
    if (missing == plan_.columns.size()) return;
    const ExampleColumn& column = plan_.columns[missing];
    fail(column,
         fmt::format(
             "Feature: {} (data type: {}) is required but could not be found. Write it in every example, or give it a "
             "default_value.",
             column.key, tensorflow_name(column.type)));
  }

 private:
  // Example: fields it does not know are passed over, Features may come in several pieces.
  bool read_example(Bytes in) {
    while (!in.empty()) {
      uint64_t tag;
      Bytes features;
      if (!wire::read_varint(in, tag) || tag == 0) return false;
      if (tag != kFirst) {
        if (!wire::skip_field(in, tag)) return false;
      } else if (!wire::read_delimited(in, features) || !read_features(features)) {
        return false;
      }
    }
    return true;
  }

  bool read_features(Bytes in) {
    while (!in.empty()) {
      Bytes entry;
      if (static_cast<uint8_t>(*in.at++) != kFirst || !wire::read_delimited(in, entry) || !read_entry(entry))
        return false;
    }
    return true;
  }

  // An entry is two fields, in any order. TensorFlow takes one that comes twice for the other too.
  bool read_entry(Bytes in) {
    Bytes key, feature;
    for (int i = 0; i < 2; ++i) {
      uint64_t tag;
      if (!wire::read_varint(in, tag) || (tag != kFirst && tag != kSecond)) return false;
      if (!wire::read_delimited(in, tag == kFirst ? key : feature)) return false;
    }
    const size_t column = plan_.find({key.at, key.size()});
    if (column < plan_.columns.size()) output_.entries.push_back({column, feature});
    return in.empty();
  }

  void read_feature(const ExampleOutput::Entry& entry) {
    ColumnOutput& out = output_.columns[entry.column];
    const ExampleColumn& column = *out.column;
    Bytes in = entry.feature;
    const bool nothing = in.empty();
    const uint8_t kind = nothing ? column.list_tag : static_cast<uint8_t>(*in.at++);
    if (kind != kBytesList && kind != kFloatList && kind != kInt64List)
      fail(column, "Unsupported datatype. A Feature starts with a bytes_list, float_list or int64_list.");
    if ((nothing && column.dense()) || out.last_row == row_) return;  // no kind at all counts as missing
    if (kind != column.list_tag) fail_type(column, kind);
    const int64_t count = nothing ? 0 : append_list(out, in);
    if (count < 0) fail(column, "Can't parse serialized Example. Check what wrote the record.");
    if (!column.fits(count)) fail_count(column, count);
    output_.end_column(out, row_, count);
  }

  [[noreturn]] void fail(const std::string& what) const {
    throw DataError(fmt::format("[parse_example] {}: {}", where_(), what));
  }

  [[noreturn]] void fail(const ExampleColumn& column, const std::string& what) const {
    throw DataError(fmt::format("[parse_example] {}, key '{}': {}", where_(), column.key, what));
  }

  [[noreturn]] void fail_type(const ExampleColumn& column, uint8_t kind) const {
    const char* got = kind == kBytesList ? "string" : kind == kFloatList ? "float" : "int64";
    const auto expected = tensorflow_name(column.type);
    const auto text = column.dense() ? fmt::format("Data type: {} but expected type: {}", got, expected)
                                     : fmt::format("Expected type: {}, Actual type: {}", expected, got);
    fail(column, fmt::format("Data types don't match. {}. Read it as the type that was written.", text));
  }

  // TensorFlow says the first sentence of strings and of single examples, the second of batches.
  [[noreturn]] void fail_count(const ExampleColumn& column, int64_t count) const {
    if (column.sequence) {
      const auto type = column.type == DataType::string ? "bytes" : tensorflow_name(column.type);
      const auto shape = fmt::to_string(fmt::join(column.shape, ","));
      fail(column,
           fmt::format("Can't parse serialized Example. Number of {} values is not a multiple of stride length. Saw {} "
                       "values but output shape is: [?,{}]. Give FixedLenSequenceFeature the shape of a step, or read "
                       "it by VarLenFeature.",
                       type, count, shape));
    }
    fail(column, fmt::format("Can't parse serialized Example. Number of {} values != expected.  Values size: {} but "
                             "output shape: {}. Give FixedLenFeature the shape that was written, or read it by "
                             "VarLenFeature.",
                             tensorflow_name(column.type), count, shape_text(column.shape)));
  }

  const ExamplePlan& plan_;
  int64_t row_;
  ExampleOutput& output_;
  const std::function<std::string()>& where_;
};

}  // namespace

void parse_plain(const ExamplePlan& plan, std::string_view example, int64_t row, ExampleOutput& output,
                 const std::function<std::string()>& where) {
  PlainPass(plan, row, output, where).run(example);
}

}  // namespace weft
