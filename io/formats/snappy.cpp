// Snappy's format without frames, decompressed: a length, then literals and copies of what was written before.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/io/example_wire.h>
#include <weft/io/formats/table_file.h>

namespace weft {
namespace {

constexpr uint64_t kMostExpansion = 64;  // a copy of 64 bytes takes at least two

// Some bytes as a little-endian number; false if they are not there.
bool read_number(wire::Bytes& in, size_t bytes, uint64_t& value) {
  if (in.size() < bytes) return false;
  value = 0;
  for (size_t i = 0; i < bytes; ++i) value |= static_cast<uint64_t>(static_cast<uint8_t>(in.at[i])) << (8 * i);
  in.at += bytes;
  return true;
}

bool literal(wire::Bytes& in, uint8_t tag, std::string& out) {
  uint64_t length = tag >> 2;
  if (length >= 60 && !read_number(in, length - 59, length)) return false;
  ++length;
  if (length > in.size()) return false;
  out.append(in.at, length);
  in.at += length;
  return true;
}

bool copy(wire::Bytes& in, uint8_t tag, std::string& out) {
  uint64_t offset, length = (tag >> 2) + 1u;
  if ((tag & 3) == 1) {
    if (!read_number(in, 1, offset)) return false;
    offset |= static_cast<uint64_t>(tag >> 5) << 8;
    length = ((tag >> 2) & 7) + 4u;
  } else if (!read_number(in, (tag & 3) == 2 ? 2 : 4, offset)) {
    return false;
  }
  if (offset == 0 || offset > out.size()) return false;
  for (; length > 0; --length) out += out[out.size() - offset];  // may read what it has just written
  return true;
}

bool uncompress(wire::Bytes in, std::string& out) {
  uint64_t size;
  if (!wire::read_varint(in, size) || size / kMostExpansion > in.size()) return false;
  out.reserve(size);
  while (!in.empty()) {
    const auto tag = static_cast<uint8_t>(*in.at++);
    if (!((tag & 3) == 0 ? literal(in, tag, out) : copy(in, tag, out)) || out.size() > size) return false;
  }
  return out.size() == size;
}

}  // namespace

std::string snappy_uncompressed(std::string_view bytes, const std::string& where) {
  std::string out;
  if (uncompress(wire::Bytes(bytes), out)) return out;
  throw DataError(fmt::format("[{}] {} bytes compressed by snappy are damaged.", where, bytes.size()));
}

TEST_CASE("snappy: literals, the three kinds of copies and damage") {
  using namespace std::string_literals;
  CHECK(snappy_uncompressed("\x00"s, "x").empty());
  CHECK(snappy_uncompressed("\x03\x08xyz"s, "x") == "xyz");
  CHECK(snappy_uncompressed("\x08\x04xy\x09\x02"s, "x") == "xyxyxyxy");           // 6 bytes from 2 before: kind 1
  CHECK(snappy_uncompressed("\x05\x04xy\x0a\x02\x00"s, "x") == "xyxyx");          // kind 2
  CHECK(snappy_uncompressed("\x05\x04xy\x0b\x02\x00\x00\x00"s, "x") == "xyxyx");  // kind 3
  const std::string text(100, 'q');
  CHECK(snappy_uncompressed("\x64\xf0\x63"s + text, "x") == text);
  for (const std::string& bad : {""s, "\x03\x08xy"s, "\x04\x08xyz"s, "\x02\x08xyz"s, "\x08\x04xy\x09\x03"s,
                                 "\x08\x04xy\x09\x00"s, "\x08\x04xy\x09"s, "\xff\xff\xff\xff\x7f\x00x"s}) {
    CHECK_THROWS_AS(snappy_uncompressed(bad, "x"), DataError);
  }
}

}  // namespace weft
