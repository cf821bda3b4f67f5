// Word vectors: an index of rows over the file, writers, and rows that follow their words.
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/io/atomic_file.h>
#include <weft/io/formats/random_access_file.h>
#include <weft/io/formats/word_vectors.h>
#include <weft/io/text_number.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

namespace weft {
namespace {

constexpr size_t kWriteBytes = size_t{1} << 20;
constexpr int64_t kTellBytes = int64_t{1} << 16;

/// All words end to end: a vocabulary of millions has no string of its own each.
struct WordList {
  std::string bytes;
  std::vector<uint64_t> ends;

  void add(std::string_view word) {
    bytes += word;
    ends.push_back(bytes.size());
  }
  std::vector<std::string> strings() const {
    std::vector<std::string> words;
    words.reserve(ends.size());
    for (uint64_t begin = 0; const uint64_t end : ends) {
      words.emplace_back(bytes, begin, end - begin);
      begin = end;
    }
    return words;
  }
};

/// A file whose rows were found.
struct Indexed {
  RandomAccessFile file;
  bool binary;
  size_t dimension;
  WordList words = {};
  std::vector<uint64_t> offsets = {};  // of each row; for text, the end too

  void read(size_t first, size_t count, std::span<std::byte> out) const;
  void read_text(size_t first, size_t count, std::span<std::byte> out) const;
};

void Indexed::read(size_t first, size_t count, std::span<std::byte> out) const {
  if (!binary) return read_text(first, count, out);
  const size_t bytes = dimension * sizeof(float);
  for (size_t i = 0; i < count; ++i) file.read(offsets[first + i], out.subspan(i * bytes, bytes));
}

void Indexed::read_text(size_t first, size_t count, std::span<std::byte> out) const {
  std::string text;
  for (size_t i = 0; i < count; ++i) {
    const size_t row = first + i;
    text = file.read(offsets[row], offsets[row + 1] - offsets[row]);
    // A row ends at its line's end: what follows, as an empty line, is none of it.
    std::string_view line = std::string_view(text).substr(0, text.find('\n'));
    if (line.ends_with('\r')) line.remove_suffix(1);
    for (size_t column = dimension; column-- > 0;) {
      line = trimmed(line);
      const size_t blank = line.find_last_of(" \t");
      float number = 0.0f;
      if (blank == std::string_view::npos || !parse_number(line.substr(blank + 1), number)) {
        throw DataError(fmt::format("[word_vectors] {}: row {} changed while the file was open.", file.path(), row));
      }
      std::memcpy(out.data() + (i * dimension + column) * sizeof number, &number, sizeof number);
      line = line.substr(0, blank);
    }
  }
}

std::string format_name(WordVectorFormat format) {
  switch (format) {
    case WordVectorFormat::word2vec_binary:
      return "word2vec binary";
    case WordVectorFormat::glove_text:
      return "GloVe text";
    default:
      return "word2vec text";
  }
}

}  // namespace

NamedTensors open_word_vectors(const std::string& path, WordVectorFormat format, const OpenProgress& progress) {
  if (compression_by_name(path) != Compression::none) {
    throw ValueError(
        fmt::format("[open_word_vectors] {}: rows of a compressed file can't be found again. Unpack it, or "
                    "use load_word_vectors.",
                    path));
  }
  WordVectorReader reader(path, format);
  const bool binary = reader.format() == WordVectorFormat::word2vec_binary;
  auto indexed = std::make_shared<Indexed>(
      Indexed{.file = RandomAccessFile(path), .binary = binary, .dimension = static_cast<size_t>(reader.dimension())});
  int64_t told = 0;
  for (WordVectorReader::Row row; reader.next(row);) {
    indexed->words.add(row.word);
    indexed->offsets.push_back(static_cast<uint64_t>(row.offset));
    if (!progress || row.offset - told < kTellBytes) continue;
    told = row.offset;
    progress(told, static_cast<int64_t>(indexed->file.size()));
  }
  const auto rows = std::ssize(indexed->offsets);
  if (!binary) indexed->offsets.push_back(indexed->file.size());
  return NamedTensors(
      {.where = path,
       .format = format_name(reader.format()),
       .tensors = {{"vectors", TensorType::float32, {rows, reader.dimension()}}, {"words", TensorType::string, {rows}}},
       .read_rows =
           [indexed](size_t, int64_t first, int64_t count, std::span<std::byte> out) {
             indexed->read(static_cast<size_t>(first), static_cast<size_t>(count), out);
           },
       .read_strings = [indexed](size_t) { return indexed->words.strings(); }});
}

NamedTensors with_words(const NamedTensors& tensors, std::string_view table, std::vector<std::string> words) {
  const TensorInfo* found = tensors.find(table);
  if (found == nullptr || found->shape.size() != 2 || size_of(found->type) == 0 || found->rows() != std::ssize(words)) {
    throw DataError(fmt::format(
        "[with_words] {}: expected '{}' to be a matrix of {} rows, one a word; got {}.", tensors.where(), table,
        words.size(),
        found == nullptr ? "no such tensor" : fmt::format("{} axes and {} rows", found->shape.size(), found->rows())));
  }
  TensorInfo vectors = *found;
  vectors.name = "vectors";
  return NamedTensors({.where = tensors.where(),
                       .format = tensors.format(),
                       .tensors = {std::move(vectors), {"words", TensorType::string, {std::ssize(words)}}},
                       .read_rows = [tensors, name = std::string(table)](
                                        size_t, int64_t first, int64_t count,
                                        std::span<std::byte> out) { tensors.read_bytes(name, first, count, out); },
                       .read_strings = [words = std::make_shared<const std::vector<std::string>>(std::move(words))](
                                           size_t) { return *words; }});
}

namespace {

void check_word(const NamedTensors& tensors, size_t row, std::string_view word) {
  if (!word.empty() && word.find_first_of(" \t\r\n") == std::string_view::npos) return;
  throw DataError(fmt::format("[write_word2vec] {}: word {}: got {}, expected a word without blanks and newlines.",
                              tensors.where(), row, shown(word)));
}

/// Calls write(word, vector) for all rows in order, read by the megabyte.
template <class Write>
void for_each_row(const NamedTensors& tensors, const std::vector<std::string>& words, int64_t width,
                  const Write& write) {
  const auto rows = std::ssize(words);
  const int64_t at_once = std::clamp<int64_t>((int64_t{1} << 18) / std::max<int64_t>(width, 1), 1, 1 << 16);
  std::vector<float> piece(static_cast<size_t>(std::min(at_once, rows) * width));
  for (int64_t first = 0; first < rows; first += at_once) {
    const RowsView view{.data = piece.data(), .rows = std::min(at_once, rows - first), .width = width, .stride = width};
    tensors.read("vectors", first, view);
    for (int64_t i = 0; i < view.rows; ++i) write(words[static_cast<size_t>(first + i)], view.row(i));
  }
}

template <class AppendNumbers>
void write_word2vec(const std::string& path, const NamedTensors& tensors, const AppendNumbers& append_numbers) {
  const std::vector<std::string> words = tensors.read_strings("words");
  const TensorInfo* vectors = tensors.find("vectors");
  if (vectors == nullptr || vectors->shape.size() != 2 || vectors->rows() != std::ssize(words)) {
    throw DataError(fmt::format("[write_word2vec] {}: expected 'vectors' to be a matrix of {} rows, one a word.",
                                tensors.where(), words.size()));
  }
  for (size_t i = 0; i < words.size(); ++i) check_word(tensors, i, words[i]);
  AtomicFile file(path);
  std::string text = fmt::format("{} {}\n", words.size(), vectors->width());
  for_each_row(tensors, words, vectors->width(), [&](const std::string& word, std::span<const float> vector) {
    text += word;
    append_numbers(text, vector);
    text += '\n';
    if (text.size() < kWriteBytes) return;
    file.write(text);
    text.clear();
  });
  file.write(text);
  file.commit();
}

}  // namespace

void write_word2vec_text(const std::string& path, const NamedTensors& tensors) {
  write_word2vec(path, tensors, [](std::string& text, std::span<const float> vector) {
    for (const float number : vector) fmt::format_to(std::back_inserter(text), " {}", number);
  });
}

void write_word2vec_binary(const std::string& path, const NamedTensors& tensors) {
  write_word2vec(path, tensors, [](std::string& text, std::span<const float> vector) {
    text += ' ';
    text.append(reinterpret_cast<const char*>(vector.data()), vector.size_bytes());
  });
}

WordVectorCounts load_word_vectors(const std::string& path, const Vocabulary& vocabulary, const RowsView& table,
                                   WordVectorFormat format) {
  if (vocabulary.integers() || table.rows < vocabulary.size()) {
    throw ValueError(
        fmt::format("[load_word_vectors] expected a vocabulary of strings and a table of a row a word: got "
                    "{} {} and {} rows.",
                    vocabulary.size(), vocabulary.integers() ? "integers" : "words", table.rows));
  }
  WordVectorReader reader(path, format);
  WordVectorCounts counts;
  std::vector<bool> seen(static_cast<size_t>(vocabulary.size()));
  for (WordVectorReader::Row row; reader.next(row);) {
    if (std::ssize(row.vector) != table.width) {
      throw DataError(
          fmt::format("[load_word_vectors] {}: got vectors of dimension {}, expected {}, the table's width.", path,
                      row.vector.size(), table.width));
    }
    const int64_t id = vocabulary.find(row.word);
    // A default may be the id of another word.
    if (id < 0 || id >= vocabulary.size() || vocabulary.word(id) != row.word) {
      ++counts.surplus;
    } else if (seen[static_cast<size_t>(id)]) {
      ++counts.repeated;
    } else {
      seen[static_cast<size_t>(id)] = true;
      std::copy(row.vector.begin(), row.vector.end(), table.row(id).begin());
      ++counts.loaded;
    }
  }
  counts.missing = vocabulary.size() - counts.loaded;
  return counts;
}

}  // namespace weft
