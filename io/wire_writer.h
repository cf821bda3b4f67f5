// The wire format of protobuf, written field by field onto the end of a string.
#pragma once
#include <weft/io/example_wire.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace weft::wire {

inline void append_varint(std::string& out, uint64_t value) {
  for (; value > 127; value >>= 7) out += static_cast<char>(value | 128);
  out += static_cast<char>(value);
}

inline size_t varint_size(uint64_t value) {
  size_t size = 1;
  for (; value > 127; value >>= 7) ++size;
  return size;
}

/// The bytes of a number as they lie in memory: little-endian.
template <class T>
inline void append_raw(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

/// The tag and the length of a field of `length` bytes, which are to follow. Fields are 1 to 15.
inline void append_length(std::string& out, int field, size_t length) {
  out += static_cast<char>(tag(field, kDelimited));
  append_varint(out, length);
}

/// Bytes of a field with its tag and length; fields 1 to 15.
inline size_t field_size(size_t length) {
  return 1 + varint_size(length) + length;
}

/// A string, some bytes or a message.
inline void append_bytes(std::string& out, int field, std::string_view bytes) {
  append_length(out, field, bytes.size());
  out += bytes;
}

/// An integer or an enumeration.
inline void append_integer(std::string& out, int field, int64_t value) {
  out += static_cast<char>(tag(field, kVarint));
  append_varint(out, static_cast<uint64_t>(value));
}

inline void append_float(std::string& out, int field, float value) {
  out += static_cast<char>(tag(field, kFixed32));
  append_raw(out, value);
}

inline void append_double(std::string& out, int field, double value) {
  out += static_cast<char>(tag(field, kFixed64));
  append_raw(out, value);
}

/// A packed list of doubles.
inline void append_doubles(std::string& out, int field, std::span<const double> values) {
  append_length(out, field, values.size_bytes());
  out.append(reinterpret_cast<const char*>(values.data()), values.size_bytes());
}

}  // namespace weft::wire
