// Header, entries and slice keys of a TensorFlow checkpoint's index, as bytes and back.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/io/formats/tensor_bundle_entry.h>
#include <weft/io/wire_writer.h>

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

namespace weft::bundle {
namespace {

// Calls field(number, integer, content) for each field of a message; false if it is damaged or field() says so.
template <class F>
bool fields(wire::Bytes in, F&& field) {
  while (!in.empty()) {
    uint64_t tag, integer = 0;
    wire::Bytes content;
    if (!wire::read_varint(in, tag)) return false;
    const wire::Bytes before = in;
    if (!wire::skip_field(in, tag)) return false;
    wire::Bytes again(before.at, in.at);
    if ((tag & 7) == wire::kVarint) wire::read_varint(again, integer);
    if ((tag & 7) == wire::kFixed32) integer = wire::load<uint32_t>(again.at);
    if ((tag & 7) == wire::kDelimited) wire::read_delimited(again, content);
    if (!field(tag, static_cast<int64_t>(integer), content)) return false;
  }
  return true;
}

constexpr uint64_t kInteger1 = wire::tag(1, wire::kVarint), kInteger2 = wire::tag(2, wire::kVarint);

bool parse_shape(wire::Bytes in, Entry& entry) {
  return fields(in, [&](uint64_t tag, int64_t integer, wire::Bytes content) {
    if (tag == wire::tag(3, wire::kVarint)) entry.unknown_rank = integer != 0;
    if (tag != wire::tag(2, wire::kDelimited)) return true;
    int64_t size = 0;
    const bool whole = fields(content, [&](uint64_t inner, int64_t value, wire::Bytes) {
      if (inner == kInteger1) size = value;
      return true;
    });
    entry.shape.push_back(size);
    return whole;
  });
}

bool parse_slice(wire::Bytes in, Slice& slice) {
  return fields(in, [&](uint64_t tag, int64_t, wire::Bytes content) {
    if (tag != wire::tag(1, wire::kDelimited)) return true;
    Extent extent;
    const bool whole = fields(content, [&](uint64_t inner, int64_t value, wire::Bytes) {
      if (inner == kInteger1) extent.start = value;
      if (inner == kInteger2) extent.length = value;
      return true;
    });
    slice.push_back(extent);
    return whole;
  });
}

// OrderedCode: a number of at least 0, its length and its bytes, the highest first.
void append_number(std::string& out, uint64_t value) {
  const int bytes = (std::bit_width(value) + 7) / 8;
  out += static_cast<char>(bytes);
  for (int i = bytes; i-- > 0;) out += static_cast<char>(value >> (8 * i));
}

// OrderedCode: bytes 0 and 255 are followed by the other one; the end is 0 and 1.
void append_text(std::string& out, std::string_view text) {
  for (const char c : text) {
    out += c;
    if (c == '\0') out += '\xff';
    if (c == '\xff') out += '\0';
  }
  out += '\0';
  out += '\1';
}

// OrderedCode: n bytes hold 7 n - 1 bits and the sign, below n leading bits that tell n and are flipped by the sign.
void append_signed(std::string& out, int64_t value) {
  const uint64_t magnitude = static_cast<uint64_t>(value < 0 ? ~value : value);
  const int length = std::bit_width(magnitude) / 7 + 1;
  const char sign = value < 0 ? '\xff' : '\0';
  std::array<char, 10> bytes{sign, sign};
  for (int i = 0; i < 8; ++i)
    bytes[static_cast<size_t>(9 - i)] = static_cast<char>(static_cast<uint64_t>(value) >> (8 * i));
  char* begin = bytes.data() + 10 - length;
  const unsigned header = 0xffffu << (16 - length) & 0xffffu;
  begin[0] = static_cast<char>(begin[0] ^ static_cast<char>(header >> 8));
  if (length > 8) begin[1] = static_cast<char>(begin[1] ^ static_cast<char>(header));
  out.append(begin, static_cast<size_t>(length));
}

constexpr std::pair<int64_t, TensorType> types[] = {
    {1, TensorType::float32},  {2, TensorType::float64}, {3, TensorType::int32},    {4, TensorType::uint8},
    {5, TensorType::int16},    {6, TensorType::int8},    {7, TensorType::string},   {9, TensorType::int64},
    {10, TensorType::boolean}, {17, TensorType::uint16}, {19, TensorType::float16}, {14, TensorType::bfloat16},
    {22, TensorType::uint32},  {23, TensorType::uint64},
};

}  // namespace

std::optional<Header> parse_header(std::string_view bytes) {
  Header header{.shards = 0};
  const bool whole = fields(wire::Bytes(bytes), [&](uint64_t tag, int64_t integer, wire::Bytes content) {
    if (tag == kInteger1) header.shards = integer;
    if (tag == kInteger2) header.big_endian = integer != 0;
    if (tag != wire::tag(3, wire::kDelimited)) return true;
    return fields(content, [&](uint64_t inner, int64_t value, wire::Bytes) {
      if (inner == kInteger2) header.min_consumer = value;
      return true;
    });
  });
  return whole ? std::optional(header) : std::nullopt;
}

std::optional<Entry> parse_entry(std::string_view bytes) {
  Entry entry;
  const bool whole = fields(wire::Bytes(bytes), [&](uint64_t tag, int64_t integer, wire::Bytes content) {
    if (tag == kInteger1) entry.dtype = integer;
    if (tag == wire::tag(2, wire::kDelimited)) return parse_shape(content, entry);
    if (tag == wire::tag(3, wire::kVarint)) entry.shard = integer;
    if (tag == wire::tag(4, wire::kVarint)) entry.offset = integer;
    if (tag == wire::tag(5, wire::kVarint)) entry.size = integer;
    if (tag == wire::tag(6, wire::kFixed32)) entry.masked_crc = static_cast<uint32_t>(integer);
    if (tag == wire::tag(7, wire::kDelimited)) return parse_slice(content, entry.slices.emplace_back());
    return true;
  });
  return whole ? std::optional(entry) : std::nullopt;
}

std::string header_bytes(const Header& header) {
  std::string out, version;
  wire::append_integer(out, 1, header.shards);
  wire::append_integer(version, 1, 1);  // producer
  wire::append_bytes(out, 3, version);
  return out;
}

std::string entry_bytes(const Entry& entry) {
  std::string out, shape;
  wire::append_integer(out, 1, entry.dtype);
  for (const int64_t extent : entry.shape) {
    std::string dim;
    wire::append_integer(dim, 1, extent);
    wire::append_bytes(shape, 2, dim);
  }
  wire::append_bytes(out, 2, shape);
  wire::append_integer(out, 3, entry.shard);
  wire::append_integer(out, 4, entry.offset);
  wire::append_integer(out, 5, entry.size);
  out += static_cast<char>(wire::tag(6, wire::kFixed32));
  wire::append_raw(out, entry.masked_crc);
  return out;
}

std::string slice_key(std::string_view name, const Slice& slice) {
  std::string key;
  append_number(key, 0);
  append_text(key, name);
  append_number(key, slice.size());
  for (const Extent& extent : slice) {
    append_signed(key, extent.start);
    append_signed(key, extent.length);
  }
  return key;
}

TensorType type_of(int64_t dtype) {
  const auto found = std::ranges::find(types, dtype, &std::pair<int64_t, TensorType>::first);
  return found == std::end(types) ? TensorType::other : found->second;
}

int64_t dtype_of(TensorType type) {
  const auto found = std::ranges::find(types, type, &std::pair<int64_t, TensorType>::second);
  if (found != std::end(types)) return found->first;
  throw ValueError(fmt::format("[write_tensor_bundle] type {}: TensorFlow has no such type. Leave the tensor out.",
                               to_string(type)));
}

TEST_CASE("tensor bundle entry: keys of slices are TensorFlow's") {
  using namespace std::string_literals;
  CHECK(slice_key("dense/bias", {{0, 2}}) == "\0dense/bias\0\1\1\1\x80\x82"s);  // as TensorFlow 2.15 wrote them
  CHECK(slice_key("tables/video", {{2, 2}, {0, -1}}) == "\0tables/video\0\1\1\2\x82\x82\x80\x7f"s);
  CHECK(slice_key("\0\xff"s, {}) == "\0\0\xff\xff\0\0\1\0"s);
  CHECK(slice_key("", {{63, 64}}) == "\0\0\1\1\1\xbf\xc0\x40"s);
  CHECK(slice_key("", {{8191, 8192}}) == "\0\0\1\1\1\xdf\xff\xe0\x20\x00"s);
}

TEST_CASE("tensor bundle entry: what is written is parsed, and damage is refused") {
  const Entry entry{
      .dtype = 1, .shape = {3, 0, 200}, .shard = 2, .offset = 1 << 20, .size = 7, .masked_crc = 0xfedcba98};
  const std::string bytes = entry_bytes(entry);
  const std::optional<Entry> parsed = parse_entry(bytes);
  REQUIRE(parsed);
  CHECK(entry_bytes(*parsed) == bytes);
  CHECK(parsed->shape == entry.shape);
  CHECK(!parse_entry(bytes.substr(0, bytes.size() - 1)));
  CHECK(parse_header(header_bytes({.shards = 3}))->shards == 3);
  CHECK(!parse_header("\x08"));
}

}  // namespace weft::bundle
