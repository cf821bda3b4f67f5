// The wire format of protobuf, as far as tf.train.Example needs it: varints, lengths, fields to skip.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

// Example   { 1: Features }
// Features  { 1: entry, any number }
// entry     { 1: key, 2: Feature }
// Feature   { 1: BytesList  or  2: FloatList  or  3: Int64List }
// BytesList { 1: value, any number }
// FloatList { 1: values, packed into one field or a field each }, and so is Int64List
//
// A field is a tag (number * 8 + wire type) and, for wire type 2, a length and that many bytes.

namespace weft::wire {

enum WireType : uint8_t { kVarint = 0, kFixed64 = 1, kDelimited = 2, kFixed32 = 5 };

constexpr uint8_t tag(int field, WireType type) {
  return static_cast<uint8_t>(field << 3 | type);
}

/// Bytes that are still to be read. Nothing here reads at or beyond `end`.
struct Bytes {
  const char* at = nullptr;
  const char* end = nullptr;

  Bytes() = default;
  Bytes(const char* begin, const char* end) : at(begin), end(end) {}
  explicit Bytes(std::string_view text) : at(text.data()), end(text.data() + text.size()) {}
  size_t size() const { return static_cast<size_t>(end - at); }
  bool empty() const { return at == end; }
};

template <class T>
inline T load(const char* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

/// A varint of more than one byte; false if it has no end within 10 bytes. Bits beyond 64 are dropped, as protobuf
/// does.
inline bool read_long_varint(Bytes& in, uint64_t& value) {
  uint64_t sum = 0;
  for (int shift = 0; shift < 70 && !in.empty(); shift += 7) {
    const auto byte = static_cast<uint8_t>(*in.at++);
    sum |= static_cast<uint64_t>(byte & 127) << shift;
    if (byte < 128) {
      value = sum;
      return true;
    }
  }
  return false;
}

inline bool read_varint(Bytes& in, uint64_t& value) {
  if (!in.empty() && static_cast<uint8_t>(*in.at) < 128) {
    value = static_cast<uint8_t>(*in.at++);
    return true;
  }
  return read_long_varint(in, value);
}

/// A length and that many bytes, which must be there.
inline bool read_delimited(Bytes& in, Bytes& out) {
  uint64_t length;
  if (!read_varint(in, length) || length > in.size()) return false;
  out = {in.at, in.at + length};
  in.at += length;
  return true;
}

/// Passes over the content of a field; false for groups, which no proto3 message has, and for content that is cut.
inline bool skip_field(Bytes& in, uint64_t field_tag) {
  const auto skip = [&](size_t n) {
    if (in.size() < n) return false;
    in.at += n;
    return true;
  };
  uint64_t ignored;
  Bytes content;
  switch (field_tag & 7) {
    case kVarint:
      return read_varint(in, ignored);
    case kFixed64:
      return skip(8);
    case kDelimited:
      return read_delimited(in, content);
    case kFixed32:
      return skip(4);
    default:
      return false;
  }
}

}  // namespace weft::wire
