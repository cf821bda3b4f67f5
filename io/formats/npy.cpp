// The header of .npy files, read and written.
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/io/formats/npy.h>
#include <weft/io/text_number.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace weft {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr size_t kMostAxes = 64;

constexpr std::array<std::pair<std::string_view, TensorType>, 12> kTypes = {{{"f2", TensorType::float16},
                                                                             {"f4", TensorType::float32},
                                                                             {"f8", TensorType::float64},
                                                                             {"i1", TensorType::int8},
                                                                             {"u1", TensorType::uint8},
                                                                             {"i2", TensorType::int16},
                                                                             {"u2", TensorType::uint16},
                                                                             {"i4", TensorType::int32},
                                                                             {"u4", TensorType::uint32},
                                                                             {"i8", TensorType::int64},
                                                                             {"u8", TensorType::uint64},
                                                                             {"b1", TensorType::boolean}}};

/// The dict of a header: three keys in any order.
class DictParser {
 public:
  DictParser(std::string_view text, const std::string& path) : text_(text), path_(path) {}

  void parse(NpyHeader& header) {
    expect('{');
    unsigned seen = 0;
    while (!take('}')) {
      const std::string_view key = quoted();
      expect(':');
      const unsigned bit = key == "descr" ? 1 : key == "fortran_order" ? 2 : key == "shape" ? 4 : 8;
      if (bit == 8 || (seen & bit) != 0) fail(fmt::format("its header has a key {} too much", shown(key)));
      seen |= bit;
      if (bit == 1) read_type(header);
      if (bit == 2) header.fortran_order = read_truth();
      if (bit == 4) read_shape(header.shape);
      if (!take(',')) {
        expect('}');
        break;
      }
    }
    if (seen != 7) fail("its header lacks 'descr', 'fortran_order' or 'shape'");
    skip();
    if (at_ != text_.size()) fail("its header has something behind the dict");
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw DataError(fmt::format("[open_npy] {}: {}.", path_, what));
  }
  void skip() { at_ = std::min(text_.find_first_not_of(" \n", at_), text_.size()); }
  bool take(char wanted) {
    skip();
    if (at_ == text_.size() || text_[at_] != wanted) return false;
    ++at_;
    return true;
  }
  void expect(char wanted) {
    if (!take(wanted)) fail(fmt::format("its header is no dict: expected '{}' at its byte {}", wanted, at_));
  }
  std::string_view quoted() {
    const char quote = take('\'') ? '\'' : '"';
    if (quote == '"') expect('"');
    const size_t end = text_.find(quote, at_);
    if (end == std::string_view::npos) fail("its header has a text without an end");
    const std::string_view inside = text_.substr(at_, end - at_);
    at_ = end + 1;
    return inside;
  }
  void read_type(NpyHeader& header) {
    if (take('[')) {  // a structure: passed over
      for (int open = 1; open > 0; ++at_) {
        if (at_ == text_.size()) fail("its header has a list without an end");
        open += text_[at_] == '[' ? 1 : text_[at_] == ']' ? -1 : 0;
      }
      return;
    }
    const std::string_view type = quoted();
    if (type.size() < 2) fail(fmt::format("its numbers are of type {}", shown(type)));
    const auto* found = std::ranges::find(kTypes, type.substr(1), &decltype(kTypes)::value_type::first);
    if (found != kTypes.end()) header.type = found->second;
    header.big_endian = type[0] == '>';
  }
  bool read_truth() {
    skip();
    for (const std::string_view word : {"True", "False"}) {
      if (!text_.substr(at_).starts_with(word)) continue;
      at_ += word.size();
      return word == "True";
    }
    fail("its header has a 'fortran_order' that is neither True nor False");
  }
  void read_shape(std::vector<int64_t>& shape) {
    expect('(');
    while (!take(')')) {
      skip();
      const size_t end = std::min(text_.find_first_not_of("0123456789", at_), text_.size());
      int64_t extent = 0;
      if (end == at_ || !parse_number(text_.substr(at_, end - at_), extent)) {
        fail("its header has a shape of something else than numbers from 0 to 2^63 - 1");
      }
      at_ = end;
      if (shape.size() == kMostAxes) fail("its header has a shape of more than 64 axes");
      shape.push_back(extent);
      if (!take(',')) {
        expect(')');
        break;
      }
    }
  }

  std::string_view text_;
  const std::string& path_;
  size_t at_ = 0;
};

}  // namespace

uint64_t npy_header_size(std::string_view start, const std::string& path) {
  const auto fail = [&](const std::string& what) { throw DataError(fmt::format("[open_npy] {}: {}.", path, what)); };
  if (!start.starts_with(kMagic) || start.size() < 12) fail("it is no .npy file, or cut short");
  const auto version = static_cast<unsigned char>(start[6]);
  if (version < 1 || version > 3) fail(fmt::format("got version {} of the format, expected 1 to 3", version));
  uint32_t size = 0;
  std::memcpy(&size, start.data() + 8, version == 1 ? 2 : 4);
  return uint64_t{version == 1u ? 10u : 12u} + size;
}

NpyHeader parse_npy_header(std::string_view start, const std::string& path) {
  NpyHeader header;
  header.size = npy_header_size(start, path);
  if (header.size > start.size()) {
    throw DataError(
        fmt::format("[open_npy] {}: got {} bytes, expected a header of {}.", path, start.size(), header.size));
  }
  const size_t begin = start[6] == 1 ? 10 : 12;
  DictParser(start.substr(begin, header.size - begin), path).parse(header);
  return header;
}

std::string npy_header(TensorType type, const std::vector<int64_t>& shape) {
  const auto* found = std::ranges::find(kTypes, type, &decltype(kTypes)::value_type::second);
  const std::string_view name = found == kTypes.end() ? "f4" : found->first;
  std::string dict =
      fmt::format("{{'descr': '{}{}', 'fortran_order': False, 'shape': (", name[1] == '1' ? '|' : '<', name);
  for (const int64_t extent : shape) dict += fmt::format("{}, ", extent);
  dict += "), }";
  // The numbers begin at a multiple of 64; the dict has an end of line.
  const bool wide = dict.size() > 60000;
  const size_t begin = wide ? 12 : 10;
  dict.append(63 - (begin + dict.size()) % 64, ' ');
  dict += '\n';
  std::string header = std::string(kMagic) + std::string(wide ? "\2\0" : "\1\0", 2);
  const auto size = static_cast<uint32_t>(dict.size());
  header.append(reinterpret_cast<const char*>(&size), wide ? 4 : 2);
  return header + dict;
}

}  // namespace weft
