// write_projector: three files a table.
#include <weft/core/error.h>
#include <weft/core/test_directory.h>
#include <weft/io/atomic_file.h>
#include <weft/io/projector.h>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <limits>
#include <set>

namespace weft {
namespace {

constexpr size_t kBufferSize = size_t{1} << 18;

// Bytes of the character at the start of `text` if it is proper UTF-8 (RFC 3629), else 0.
size_t utf8_length(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const size_t length = first >= 0xc2 && first < 0xe0   ? 2
                        : first >= 0xe0 && first < 0xf0 ? 3
                        : first >= 0xf0 && first < 0xf5 ? 4
                                                        : 0;
  if (length == 0 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  const bool too_long = (first == 0xe0 && byte(1) < 0xa0) || (first == 0xf0 && byte(1) < 0x90);
  const bool none = (first == 0xed && byte(1) >= 0xa0) || (first == 0xf4 && byte(1) >= 0x90);
  return too_long || none ? 0 : length;
}

void append_escaped(std::string& out, char byte) {
  const auto code = static_cast<unsigned char>(byte);
  if (byte == '\t')
    out += "\\t";
  else if (byte == '\n')
    out += "\\n";
  else if (byte == '\r')
    out += "\\r";
  else if (byte == '\\')
    out += "\\\\";
  else if (code < 0x20 || code >= 0x7f)
    out += fmt::format("\\x{:02x}", code);
  else
    out += byte;
}

void append_label(std::string& out, std::string_view label) {
  const bool visible = label.find_first_not_of(' ') != std::string_view::npos;
  if (!visible) out += '"';
  for (std::string_view rest = label; !rest.empty();) {
    const size_t length = utf8_length(rest);
    if (length > 1)
      out += rest.substr(0, length);
    else
      append_escaped(out, rest[0]);
    rest.remove_prefix(std::max<size_t>(length, 1));
  }
  out += visible ? "\n" : "\"\n";
}

// A string of a text protobuf.
std::string literal(std::string_view text) {
  std::string out = "\"";
  for (const char byte : text) {
    const auto code = static_cast<unsigned char>(byte);
    if (byte == '"' || byte == '\\')
      out += {'\\', byte};
    else if (code < 0x20 || code == 0x7f)
      out += fmt::format("\\{:03o}", code);
    else
      out += byte;
  }
  return out + '"';
}

// A name for a table's files that no other table has.
std::string file_stem(std::string name, std::set<std::string>& taken) {
  for (char& c : name) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
    if (!plain) c = '_';
  }
  std::string stem = name;
  for (int n = 2; !taken.insert(stem).second; ++n) stem = fmt::format("{}_{}", name, n);
  return stem;
}

// Calls append(text, row) for each row and writes the text to a file piece by piece.
template <class F>
void write_rows(const std::string& path, int64_t rows, F&& append) {
  AtomicFile file(path);
  std::string text;
  for (int64_t row = 0; row < rows; ++row) {
    append(text, row);
    if (text.size() < kBufferSize) continue;
    file.write(text);
    text.clear();
  }
  file.write(text);
  file.commit();
}

void append_text(std::string& out, std::span<const float> numbers) {
  for (size_t i = 0; i < numbers.size(); ++i)
    fmt::format_to(std::back_inserter(out), "{}{}", numbers[i], i + 1 < numbers.size() ? '\t' : '\n');
}

void append_bytes(std::string& out, std::span<const float> numbers) {
  out.append(reinterpret_cast<const char*>(numbers.data()), numbers.size_bytes());
}

void check(const ProjectorOptions& options, std::span<const ProjectorTable> tables) {
  const auto fail = [](std::string_view what) {
    throw ValueError(fmt::format("[write_projector] {}. Give it tables of rows, each under a name of its own.", what));
  };
  if (tables.empty()) fail("there are no tables: got none, expected at least one");
  if (options.max_rows.value_or(1) < 1) fail(fmt::format("max_rows: got {}, expected at least 1", *options.max_rows));
  std::set<std::string_view> names;
  for (const ProjectorTable& table : tables) {
    if (table.name.empty()) fail("a table has no name: got '', expected one");
    if (!names.insert(table.name).second) fail(fmt::format("a name comes twice: got '{}'", table.name));
    if (table.values.size() < 1)
      fail(fmt::format("table '{}' is empty: got [{}, {}]", table.name, table.values.rows, table.values.width));
  }
}

// Writes a table's files; returns its entry in the configuration.
std::string write_table(const ProjectorOptions& options, const ProjectorTable& table, const std::string& stem) {
  const std::filesystem::path dir = options.dir;
  const int64_t rows = std::min(table.values.rows, options.max_rows.value_or(std::numeric_limits<int64_t>::max()));
  const std::string tensor = stem + (options.bytes ? "_tensor.bytes" : "_tensor.tsv"),
                    metadata = stem + "_metadata.tsv";
  write_rows(dir / tensor, rows, [&](std::string& out, int64_t row) {
    options.bytes ? append_bytes(out, table.values.row(row)) : append_text(out, table.values.row(row));
  });
  write_rows(dir / metadata, rows, [&](std::string& out, int64_t row) {
    append_label(out, table.label ? table.label(row) : std::to_string(row));
  });
  return fmt::format(
      "embeddings {{\n  tensor_name: {}\n  tensor_shape: {}\n  tensor_shape: {}\n  metadata_path: {}\n  tensor_path: "
      "{}\n}}\n",
      literal(table.name), rows, table.values.width, literal(metadata), literal(tensor));
}

}  // namespace

ProjectorTable projector_table(const Parameter& parameter, std::function<std::string(int64_t row)> label) {
  return {.name = parameter.name(), .values = parameter.value(), .label = std::move(label)};
}

std::function<std::string(int64_t row)> labels_of(const Vocabulary& vocabulary) {
  return [&vocabulary](int64_t row) {
    if (row >= vocabulary.size()) return fmt::format("[bucket {}]", row - vocabulary.size());
    return std::string(vocabulary.word(row));
  };
}

void write_projector(const ProjectorOptions& options, std::span<const ProjectorTable> tables) {
  check(options, tables);
  std::error_code error;
  std::filesystem::create_directories(options.dir, error);
  if (error) {
    throw IoError(fmt::format("[write_projector] {}: can't make the directory: {}. Check its path and permissions.",
                              options.dir, error.message()));
  }
  std::string configuration;
  std::set<std::string> stems;
  for (const ProjectorTable& table : tables) configuration += write_table(options, table, file_stem(table.name, stems));
  write_file((std::filesystem::path(options.dir) / "projector_config.pbtxt").string(), configuration);
}

namespace {}  // namespace

TEST_CASE("projector: a table with its words, first rows only") {
  const TestDirectory directory;
  ParameterStore params;
  Parameter& table =
      params.add({.name = "video/shared", .shape = {4, 2}, .initializer = zeros_initializer(), .table = true});
  const Parameter::SlotRequest slot[] = {{"Adagrad", 0.1f, false}};
  table.add_slots(slot);  // rows lie apart
  for (int64_t row = 0; row < 4; ++row) table.value().row(row)[1] = static_cast<float>(row) - 0.5f;
  const std::vector<std::string> words = {"ann", "bob"};
  const Vocabulary vocabulary = Vocabulary::from_list(words, {.num_oov_buckets = 2});
  const ProjectorTable tables[] = {projector_table(table, labels_of(vocabulary))};
  write_projector({.dir = directory.path + "/new", .max_rows = 3}, tables);
  CHECK(directory.text("new/video_shared_tensor.tsv") == "0\t-0.5\n0\t0.5\n0\t1.5\n");
  CHECK(directory.text("new/video_shared_metadata.tsv") == "ann\nbob\n[bucket 0]\n");
  CHECK(directory.text("new/projector_config.pbtxt") ==
        "embeddings {\n  tensor_name: \"video/shared\"\n  tensor_shape: 3\n  tensor_shape: 2\n"
        "  metadata_path: \"video_shared_metadata.tsv\"\n  tensor_path: \"video_shared_tensor.tsv\"\n}\n");
}

TEST_CASE("projector: bytes, and two tables whose files would have one name") {
  const TestDirectory directory;
  float numbers[] = {1.5f, -2.0f};
  const RowsView view{.data = numbers, .rows = 2, .width = 1, .stride = 1};
  const ProjectorTable tables[] = {{.name = "a/b", .values = view}, {.name = "a_b", .values = view}};
  write_projector({.dir = directory.path, .bytes = true}, tables);
  CHECK(directory.text("a_b_2_tensor.bytes") == std::string(reinterpret_cast<const char*>(numbers), 8));
  CHECK(directory.text("a_b_metadata.tsv") == "0\n1\n");
  CHECK(directory.text("projector_config.pbtxt").find("tensor_path: \"a_b_2_tensor.bytes\"") != std::string::npos);
}

TEST_CASE("projector: labels are a line each, whatever is in them") {
  const TestDirectory directory;
  const std::vector<std::string> labels = {"a\tb", "two\nlines\r",     "c:\\x", "",
                                           "  ",   "caf\xc3\xa9",      "\xff",  "\xed\xa0\x80",
                                           "\xc3", "\xf0\x9f\xa6\x8a", "\x01"};
  std::vector<float> numbers(labels.size());
  const auto rows = static_cast<int64_t>(labels.size());
  const ProjectorTable tables[] = {{.name = "t\"",
                                    .values = {.data = numbers.data(), .rows = rows, .width = 1, .stride = 1},
                                    .label = [&](int64_t row) { return labels[static_cast<size_t>(row)]; }}};
  write_projector({.dir = directory.path}, tables);
  CHECK(directory.text("t__metadata.tsv") ==
        "a\\tb\ntwo\\nlines\\r\nc:\\\\x\n\"\"\n\"  "
        "\"\ncaf\xc3\xa9\n\\xff\n\\xed\\xa0\\x80\n\\xc3\n\xf0\x9f\xa6\x8a\n\\x01\n");
  CHECK(directory.text("projector_config.pbtxt").find("tensor_name: \"t\\\"\"") != std::string::npos);
}

TEST_CASE("projector: what can't be shown is an error") {
  const TestDirectory directory;
  float number = 0.0f;
  const RowsView view{.data = &number, .rows = 1, .width = 1, .stride = 1};
  const ProjectorTable good[] = {{.name = "a", .values = view}};
  const ProjectorTable twice[] = {good[0], good[0]}, nameless[] = {{.name = "", .values = view}};
  const ProjectorTable empty[] = {{.name = "a", .values = {}}};
  const ProjectorOptions options = {.dir = directory.path};
  CHECK_THROWS_AS(write_projector(options, {}), ValueError);
  CHECK_THROWS_AS(write_projector(options, twice), ValueError);
  CHECK_THROWS_AS(write_projector(options, nameless), ValueError);
  CHECK_THROWS_AS(write_projector(options, empty), ValueError);
  CHECK_THROWS_AS(write_projector({.dir = directory.path, .max_rows = 0}, good), ValueError);
  CHECK_THROWS_AS(write_projector({.dir = "/proc/none"}, good), IoError);
  CHECK(std::filesystem::is_empty(directory.path));
}

}  // namespace weft
