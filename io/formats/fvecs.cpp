// .fvecs: rows of one length, so that any of them is found by its number.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/core/test_directory.h>
#include <weft/io/atomic_file.h>
#include <weft/io/formats/fvecs.h>
#include <weft/io/formats/random_access_file.h>
#include <weft/io/text_number.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <memory>
#include <utility>
#include <vector>

namespace weft {
namespace {

constexpr int64_t kPieceNumbers = int64_t{1} << 18;

std::string ids_path(const std::string& path) {
  return path + ".ids";
}

[[noreturn]] void fail(std::string_view where, const std::string& path, const std::string& what) {
  throw DataError(fmt::format("[{}] {}: {}", where, path, what));
}

/// Rows of `width` numbers and the dimension before them that are taken into memory together.
int64_t rows_at_once(int32_t width) {
  return std::max<int64_t>(kPieceNumbers / (int64_t{width} + 1), 1);
}

struct Fvecs {
  RandomAccessFile file;
  int32_t dimension = 0;
  size_t row_bytes = 0;  // with the dimension
  std::vector<std::string> words = {};

  void read(int64_t first, int64_t count, std::span<std::byte> out) const;
};

void Fvecs::read(int64_t first, int64_t count, std::span<std::byte> out) const {
  const int64_t at_once = rows_at_once(dimension);
  std::vector<std::byte> piece(static_cast<size_t>(std::min(at_once, count)) * row_bytes);
  const size_t numbers = row_bytes - sizeof dimension;
  for (int64_t done = 0; done < count; done += at_once) {
    const auto rows = static_cast<size_t>(std::min(at_once, count - done));
    const auto begin = static_cast<uint64_t>(first + done);
    file.read(begin * row_bytes, std::span(piece).first(rows * row_bytes));
    for (size_t i = 0; i < rows; ++i) {
      const std::byte* row = piece.data() + i * row_bytes;
      if (std::memcmp(row, &dimension, sizeof dimension) != 0) {
        int32_t got = 0;
        std::memcpy(&got, row, sizeof got);
        fail("open_fvecs", file.path(),
             fmt::format("row {}: got dimension {}, expected {}.", begin + i, got, dimension));
      }
      std::memcpy(out.data() + (static_cast<size_t>(done) + i) * numbers, row + sizeof dimension, numbers);
    }
  }
}

std::vector<std::string> read_lines(const std::string& path) {
  const RandomAccessFile file(path);
  const std::string text = file.read(0, file.size());
  std::vector<std::string> lines;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

}  // namespace

NamedTensors open_fvecs(const std::string& path) {
  auto fvecs = std::make_shared<Fvecs>(Fvecs{.file = RandomAccessFile(path)});
  const uint64_t size = fvecs->file.size();
  fvecs->file.read(0, std::as_writable_bytes(std::span(&fvecs->dimension, 1)));
  fvecs->row_bytes = (static_cast<size_t>(std::max(fvecs->dimension, 0)) + 1) * sizeof(float);
  if (fvecs->dimension < 1 || size % fvecs->row_bytes != 0) {
    fail("open_fvecs", path,
         fmt::format("got {} bytes and dimension {}, expected whole rows of at least 1 number.", size,
                     fvecs->dimension));
  }
  const auto rows = static_cast<int64_t>(size / fvecs->row_bytes);
  std::vector<TensorInfo> tensors = {{"vectors", TensorType::float32, {rows, fvecs->dimension}}};
  if (std::filesystem::exists(ids_path(path))) {
    fvecs->words = read_lines(ids_path(path));
    if (std::ssize(fvecs->words) != rows) {
      fail("open_fvecs", ids_path(path), fmt::format("got {} ids, expected {}, one a row.", fvecs->words.size(), rows));
    }
    tensors.push_back({"words", TensorType::string, {rows}});
  }
  return NamedTensors({.where = path,
                       .format = "fvecs",
                       .tensors = std::move(tensors),
                       .read_rows = [fvecs](size_t, int64_t first, int64_t count,
                                            std::span<std::byte> out) { fvecs->read(first, count, out); },
                       .read_strings = [fvecs](size_t) { return fvecs->words; }});
}

void write_fvecs(const std::string& path, const NamedTensors& tensors) {
  const std::vector<std::string> words = tensors.read_strings("words");
  const TensorInfo* vectors = tensors.find("vectors");
  if (vectors == nullptr || vectors->shape.size() != 2 || vectors->size() == 0 ||
      vectors->rows() != std::ssize(words) || vectors->width() > INT32_MAX) {
    fail("write_fvecs", tensors.where(),
         fmt::format("expected 'vectors' to be a matrix of numbers with {} rows, one a "
                     "word.",
                     words.size()));
  }
  AtomicFile ids(ids_path(path)), file(path);
  std::string text;
  for (size_t i = 0; i < words.size(); ++i) {
    if (words[i].find('\n') != std::string::npos) {
      fail("write_fvecs", tensors.where(), fmt::format("word {}: got {}, expected no newlines.", i, shown(words[i])));
    }
    text += words[i];
    text += '\n';
    if (text.size() < (size_t{1} << 20) && i + 1 < words.size()) continue;
    ids.write(text);
    text.clear();
  }
  const int64_t width = vectors->width(), rows = vectors->rows();
  const auto dimension = static_cast<int32_t>(width);
  const int64_t at_once = std::min(rows_at_once(dimension), rows);
  // Rows with a number before each, which holds the bits of the dimension.
  std::vector<float> piece(static_cast<size_t>(at_once * (width + 1)));
  for (int64_t first = 0; first < rows; first += at_once) {
    const RowsView view{
        .data = piece.data() + 1, .rows = std::min(at_once, rows - first), .width = width, .stride = width + 1};
    tensors.read("vectors", first, view);
    for (int64_t i = 0; i < view.rows; ++i) std::memcpy(view.row(i).data() - 1, &dimension, sizeof dimension);
    file.write({reinterpret_cast<const char*>(piece.data()), static_cast<size_t>(view.rows * (width + 1)) * 4});
  }
  ids.commit();
  file.commit();
}

namespace {

/// "vectors" 1 2 | 3 4 | 5 6 with these words.
NamedTensors three_rows(std::vector<std::string> words) {
  return NamedTensors(
      {.where = "memory",
       .format = "test",
       .tensors = {{"vectors", TensorType::float32, {3, 2}}, {"words", TensorType::string, {std::ssize(words)}}},
       .read_rows =
           [](size_t, int64_t first, int64_t, std::span<std::byte> out) {
             const float all[] = {1, 2, 3, 4, 5, 6};
             std::memcpy(out.data(), all + first * 2, out.size());
           },
       .read_strings = [words](size_t) { return words; }});
}

}  // namespace

TEST_CASE("fvecs: a dimension before each row, a line for each word, and back") {
  const TestDirectory directory;
  const std::string path = directory.file("v.fvecs");
  write_fvecs(path, three_rows({"a", "two words", ""}));
  const std::string two("\2\0\0\0", 4);
  CHECK(directory.text("v.fvecs").substr(0, 8) == two + std::string("\0\0\x80\x3f", 4));
  CHECK(directory.text("v.fvecs").size() == 36);
  CHECK(directory.text("v.fvecs.ids") == "a\ntwo words\n\n");
  const NamedTensors read = open_fvecs(path);
  CHECK(read.read_floats("vectors") == std::vector<float>{1, 2, 3, 4, 5, 6});
  CHECK(read.read_strings("words") == std::vector<std::string>{"a", "two words", ""});
  float row[2];
  read.read("vectors", 2, {.data = row, .rows = 1, .width = 2, .stride = 2});
  CHECK(row[0] == 5);
}

TEST_CASE("fvecs: the longest rows are read one by one") {
  CHECK(rows_at_once(3) == kPieceNumbers / 4);
  CHECK(rows_at_once(INT32_MAX) == 1);
}

TEST_CASE("fvecs: what does not fit together is an error, and nothing is written") {
  const TestDirectory directory;
  const std::string path = directory.file("v.fvecs");
  CHECK_THROWS_AS(write_fvecs(path, three_rows({"a", "b"})), DataError);
  CHECK_THROWS_AS(write_fvecs(path, three_rows({"a", "b\n", "c"})), DataError);
  CHECK(directory.entries() == 0);
  write_fvecs(path, three_rows({"a", "b", "c"}));
  const std::string whole = directory.text("v.fvecs");
  directory.put("v.fvecs.ids", "a\nb\n");
  CHECK_THROWS_AS(open_fvecs(path), DataError);
  for (const size_t size : {0, 3, 11, 13})
    CHECK_THROWS_AS(open_fvecs(directory.put("c", whole.substr(0, size))), DataError);
  CHECK(open_fvecs(directory.put("c", whole)).find("words") == nullptr);
  std::string other = whole;
  other[12] = 3;
  CHECK_THROWS_AS(open_fvecs(directory.put("c", other)).read_floats("vectors"), DataError);
  for (const char* start : {"\xff\xff\xff\xff", "\xff\xff\xff\x7f"}) {
    CHECK_THROWS_AS(open_fvecs(directory.put("c", start + whole.substr(4))), DataError);
  }
}

}  // namespace weft
