// The fast pass: one walk over an example as every protobuf library writes it, everything else is refused.
#include <weft/io/example_passes.h>

namespace weft {
namespace {

using wire::Bytes;
using wire::load;

constexpr uint8_t kFirst = wire::tag(1, wire::kDelimited);   // features, an entry, its key, packed values
constexpr uint8_t kSecond = wire::tag(2, wire::kDelimited);  // an entry's value

inline bool take(Bytes& in, uint8_t expected) {
  if (in.empty() || static_cast<uint8_t>(*in.at) != expected) return false;
  ++in.at;
  return true;
}

// A field that is the last of its message: from here, `in` is its content.
inline bool enter_last(Bytes& in, uint8_t expected) {
  uint64_t length;
  return take(in, expected) && wire::read_varint(in, length) && length == in.size();
}

// memcmp of texts that are mostly equal and short, without the call; n >= 3.
inline bool same(const char* a, const char* b, size_t n) {
  if (n < 8) {
    if (n < 4) return load<uint16_t>(a) == load<uint16_t>(b) && a[n - 1] == b[n - 1];
    return load<uint32_t>(a) == load<uint32_t>(b) && load<uint32_t>(a + n - 4) == load<uint32_t>(b + n - 4);
  }
  for (size_t i = 0; i + 8 < n; i += 8)
    if (load<uint64_t>(a + i) != load<uint64_t>(b + i)) return false;
  return load<uint64_t>(a + n - 8) == load<uint64_t>(b + n - 8);
}

// Passes over an entry's key and the tag of its value. The key that followed `previous` last time is tried first.
inline bool read_key(const ExamplePlan& plan, ExampleOutput& output, size_t previous, Bytes& entry, size_t& column) {
  column = output.followers[previous];
  const std::string& head = plan.columns[column].head;
  if (entry.size() >= head.size() && same(entry.at, head.data(), head.size())) {
    entry.at += head.size();
    return true;
  }
  Bytes key;
  if (!take(entry, kFirst) || !wire::read_delimited(entry, key) || !take(entry, kSecond)) return false;
  column = plan.find({key.at, key.size()});
  if (column < plan.columns.size()) output.followers[previous] = static_cast<uint32_t>(column);
  return true;
}

// `feature` is an entry's value with its length.
inline bool read_values(Bytes feature, int64_t row, ExampleOutput& output, ColumnOutput& column) {
  uint64_t length;
  if (column.last_row == row || !wire::read_varint(feature, length) || length != feature.size()) return false;
  if (!enter_last(feature, column.column->list_tag)) return false;
  const bool packed = column.column->type != DataType::string && !feature.empty();
  if (packed && !enter_last(feature, kFirst)) return false;
  const int64_t count = append_values(column, feature);
  if (count < 0 || !column.column->fits(count)) return false;
  output.end_column(column, row, count);
  return true;
}

}  // namespace

bool parse_fast(const ExamplePlan& plan, std::string_view example, int64_t row, ExampleOutput& output) {
  Bytes in(example);
  if (!enter_last(in, kFirst)) return false;
  size_t previous = plan.columns.size();
  while (!in.empty()) {
    Bytes entry;
    size_t column;
    if (!take(in, kFirst) || !wire::read_delimited(in, entry)) return false;
    if (!read_key(plan, output, previous, entry, column)) return false;
    if (column < plan.columns.size()) {
      if (!read_values(entry, row, output, output.columns[column])) return false;
      previous = column;
    } else {
      uint64_t length;
      if (!wire::read_varint(entry, length) || length != entry.size()) return false;
    }
  }
  return output.end_row(row) == plan.columns.size();
}

}  // namespace weft
