// ExampleWriter: serialized examples, value by value.
#include <weft/io/example.h>
#include <weft/io/wire_writer.h>

#include <doctest/doctest.h>

namespace weft {

using wire::append_length;
using wire::append_varint;
using wire::field_size;

namespace {

// Appends the entry {key: Feature with `list` as its field `kind`}.
void append_entry(std::string& out, std::string_view key, int kind, std::string_view list) {
  const size_t feature = field_size(list.size());
  append_length(out, 1, field_size(key.size()) + field_size(feature));
  append_length(out, 1, key.size());
  out += key;
  append_length(out, 2, feature);
  append_length(out, kind, list.size());
  out += list;
}

}  // namespace

ExampleWriter& ExampleWriter::clear() {
  features_.clear();
  return *this;
}

ExampleWriter& ExampleWriter::add(std::string_view key, std::span<const int64_t> values) {
  size_t packed = 0;
  for (const int64_t value : values) packed += wire::varint_size(static_cast<uint64_t>(value));
  scratch_.clear();
  if (!values.empty()) append_length(scratch_, 1, packed);
  for (const int64_t value : values) append_varint(scratch_, static_cast<uint64_t>(value));
  append_entry(features_, key, 3, scratch_);
  return *this;
}

ExampleWriter& ExampleWriter::add(std::string_view key, std::span<const float> values) {
  scratch_.clear();
  if (!values.empty()) append_length(scratch_, 1, values.size_bytes());
  scratch_.append(reinterpret_cast<const char*>(values.data()), values.size_bytes());
  append_entry(features_, key, 2, scratch_);
  return *this;
}

ExampleWriter& ExampleWriter::add(std::string_view key, std::span<const std::string_view> values) {
  scratch_.clear();
  for (const std::string_view value : values) {
    append_length(scratch_, 1, value.size());
    scratch_ += value;
  }
  append_entry(features_, key, 1, scratch_);
  return *this;
}

std::string_view ExampleWriter::serialized() {
  out_.clear();
  append_length(out_, 1, features_.size());
  out_ += features_;
  return out_;
}

TEST_CASE("example_writer: bytes are those that TensorFlow writes") {
  ExampleWriter writer;
  const std::string_view strings[] = {"ab", ""};
  const int64_t integers[] = {7, -1, 300};
  const float floats[] = {1.5f, 2.5f};
  writer.add("n", integers).add("x", floats).add("s", strings);
  const unsigned char expected[] = {0x0a, 0x3a, 0x0a, 0x16, 0x0a, 0x01, 'n',  0x12, 0x11, 0x1a, 0x0f, 0x0a,
                                    0x0d, 0x07, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01,
                                    0xac, 0x02, 0x0a, 0x11, 0x0a, 0x01, 'x',  0x12, 0x0c, 0x12, 0x0a, 0x0a,
                                    0x08, 0x00, 0x00, 0xc0, 0x3f, 0x00, 0x00, 0x20, 0x40, 0x0a, 0x0d, 0x0a,
                                    0x01, 's',  0x12, 0x08, 0x0a, 0x06, 0x0a, 0x02, 'a',  'b',  0x0a, 0x00};
  CHECK(writer.serialized() == std::string_view(reinterpret_cast<const char*>(expected), sizeof expected));
  CHECK(writer.clear().serialized() == std::string_view("\x0a\x00", 2));
}

TEST_CASE("example_writer: lengths beyond one byte") {
  ExampleWriter writer;
  const std::string key(130, 'k'), value(200, 'v');
  writer.add(key, value);
  const std::string_view values[] = {value};
  const ParseSpec spec = {{key, VarLenFeature{}}};
  const std::string_view serialized[] = {writer.serialized()};
  CHECK(parse_example(serialized, spec).at(key).strings == std::vector<std::string_view>(values, values + 1));
}

}  // namespace weft
