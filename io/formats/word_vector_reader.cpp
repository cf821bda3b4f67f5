// WordVectorReader: lines are read from their ends, binary rows by the dimension of the header.
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/io/formats/word_vector_reader.h>
#include <weft/io/text_number.h>
#include <weft/io/tfrecord_source.h>

#include <algorithm>
#include <cstring>

namespace weft {
namespace {

constexpr size_t kLongestWord = size_t{1} << 16;
constexpr size_t kLongestHeader = 64;
constexpr int64_t kLargestDimension = int64_t{1} << 24;

/// Takes the last field off the line, which becomes what stands before it; empty if there is none.
std::string_view take_last(std::string_view& line) {
  line = trimmed(line);
  const size_t blank = line.find_last_of(" \t");
  const size_t begin = blank == std::string_view::npos ? 0 : blank + 1;
  const std::string_view field = line.substr(begin);
  line = line.substr(0, begin);
  return field;
}

/// "<count> <dimension>" and nothing else.
bool parse_header(std::string_view line, int64_t& count, int64_t& dimension) {
  const std::string_view last = take_last(line), first = take_last(line);
  return line.empty() && !first.empty() && parse_number(last, dimension) && parse_number(first, count);
}

/// A row of text has no control characters, and none but ASCII where the numbers are; floats nearly always have.
bool looks_binary(std::string_view row, int64_t dimension) {
  const size_t space = row.find(' ');
  if (space == std::string_view::npos) return false;
  row = row.substr(space + 1, 4 * static_cast<size_t>(dimension));
  bool first_line = true;
  for (const char c : row) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 32 && c != '\n' && c != '\r' && c != '\t') return true;
    if (c == '\n') first_line = false;
    if (first_line && byte >= 127) return true;
  }
  return false;
}

WordVectorFormat detect(std::string_view start) {
  if (start.starts_with("\xef\xbb\xbf")) start.remove_prefix(3);
  const size_t end = start.substr(0, kLongestHeader).find('\n');
  std::string_view line = start.substr(0, end);
  if (line.ends_with('\r')) line.remove_suffix(1);
  int64_t count = 0, dimension = 0;
  if (!parse_header(line, count, dimension)) return WordVectorFormat::glove_text;
  if (end == std::string_view::npos || dimension < 1 || dimension > kLargestDimension)
    return WordVectorFormat::word2vec_text;
  return looks_binary(start.substr(end + 1), dimension) ? WordVectorFormat::word2vec_binary
                                                        : WordVectorFormat::word2vec_text;
}

}  // namespace

WordVectorReader::WordVectorReader(const std::string& path, WordVectorFormat format) : path_(path), format_(format) {
  if (format_ == WordVectorFormat::detect) {
    blocks_.emplace(path, compression_by_name(path));
    fill(kLongestHeader + kLongestWord);
    format_ = weft::detect({blocks_->data(), blocks_->unread()});
    blocks_.reset();
  }
  if (format_ == WordVectorFormat::word2vec_binary) {
    open_binary();
  } else {
    open_text(format_ == WordVectorFormat::word2vec_text);
  }
}

void WordVectorReader::fail(int64_t line, const std::string& what) const {
  const char* unit = format_ == WordVectorFormat::word2vec_binary ? "row" : "line";
  throw DataError(fmt::format("[word_vectors] {}, {} {}: {}", path_, unit, line, what));
}

bool WordVectorReader::fill(size_t need) {
  try {
    return blocks_->fill(need);
  } catch (const InflateError& error) {
    fail(rows_ + 1,
         fmt::format("corrupted stream: {}. Check that the file is whole and compressed by gzip.", error.what()));
  }
}

void WordVectorReader::take_header(std::string_view line, int64_t number) {
  int64_t count = 0;
  if (!parse_header(line, count, dimension_)) {
    fail(number, fmt::format("header: got {}, expected the number of words and their dimension.", shown(line)));
  }
  if (count < 0 || dimension_ < (count == 0 ? 0 : 1) || dimension_ > kLargestDimension) {
    fail(number, fmt::format("header: got {} words of dimension {}, expected at least 0 words of dimension 1 to {}.",
                             count, dimension_, kLargestDimension));
  }
  count_ = count;
}

void WordVectorReader::open_text(bool header) {
  lines_.emplace(LineFormat{.where = "word_vectors"});
  lines_->open(path_);
  held_ = lines_->next(line_);
  if (!held_) {
    if (header) fail(1, "header: got an empty file, expected the number of words and their dimension.");
    return;
  }
  if (header) {
    take_header(line_.data, line_.number);
    held_ = false;
    return;
  }
  // The first word of GloVe's files is a comma, so blanks in it are not looked for.
  for (std::string_view rest = line_.data; !take_last(rest).empty();) ++dimension_;
  if (--dimension_ < 1) fail(line_.number, fmt::format("got {}, expected a word and its numbers.", shown(line_.data)));
}

void WordVectorReader::open_binary() {
  blocks_.emplace(path_, compression_by_name(path_));
  fill(kLongestHeader);
  const std::string_view start(blocks_->data(), std::min(blocks_->unread(), kLongestHeader));
  const size_t end = start.find('\n');
  take_header(start.substr(0, end), 0);
  blocks_->skip(end + 1);
  offset_ = static_cast<int64_t>(end) + 1;
}

bool WordVectorReader::next(Row& row) {
  const bool found = lines_ ? next_line(row) : next_record(row);
  if (!found) return false;
  row.vector = vector_;
  row.number = rows_++;
  return true;
}

void WordVectorReader::check_end() const {
  if (count_ && rows_ != *count_) {
    throw DataError(fmt::format("[word_vectors] {}: got {} rows, expected the {} of the header. The file is cut short.",
                                path_, rows_, *count_));
  }
}

bool WordVectorReader::next_line(Row& row) {
  if (!held_ && !lines_->next(line_)) {
    check_end();
    return false;
  }
  held_ = false;
  if (count_ && rows_ == *count_) {
    fail(line_.number, fmt::format("got a row more than the {} of the header: {}.", *count_, shown(line_.data)));
  }
  std::string_view rest = line_.data;
  // A header that lies must not cost memory: each number takes a blank and a digit.
  if (rest.size() / 2 < static_cast<size_t>(dimension_)) {
    fail(line_.number, fmt::format("got {} bytes, expected a word and {} numbers.", rest.size(), dimension_));
  }
  vector_.resize(static_cast<size_t>(dimension_));
  for (size_t i = vector_.size(); i-- > 0;) {
    const std::string_view field = take_last(rest);
    if (field.empty() || !parse_number(field, vector_[i])) {
      fail(line_.number, fmt::format("number {}: got {}, expected a word and {} numbers that float32 can hold.", i + 1,
                                     shown(field), dimension_));
    }
  }
  row.word = trimmed(rest);
  if (row.word.empty())
    fail(line_.number, fmt::format("got {} numbers alone, expected a word before them.", dimension_));
  row.offset = line_.offset;
  return true;
}

bool WordVectorReader::next_record(Row& row) {
  if (rows_ == *count_) {
    while (fill(1)) {  // word2vec ends each row with a newline, gensim does not
      if (*blocks_->data() != '\n') fail(rows_ + 1, fmt::format("got more than the {} rows of the header.", rows_));
      blocks_->skip(1);
    }
    return false;
  }
  while (fill(1) && *blocks_->data() == '\n') {
    blocks_->skip(1);
    ++offset_;
  }
  size_t word = 0;
  for (size_t need = 64; word == 0; need *= 2) {
    const bool more = fill(std::min(need, kLongestWord));
    const size_t size = std::min(blocks_->unread(), kLongestWord);
    const void* space = size == 0 ? nullptr : std::memchr(blocks_->data(), ' ', size);
    if (space != nullptr) word = static_cast<size_t>(static_cast<const char*>(space) - blocks_->data());
    if (space == nullptr && !more) check_end();
    if (space == nullptr && (!more || need >= kLongestWord))
      fail(rows_ + 1, fmt::format("got no space in {} bytes, expected a word and a space.", size));
    if (space != nullptr && word == 0) fail(rows_ + 1, "got an empty word.");
  }
  const size_t bytes = static_cast<size_t>(dimension_) * sizeof(float);
  if (!fill(word + 1 + bytes)) check_end();
  vector_.resize(static_cast<size_t>(dimension_));
  std::memcpy(vector_.data(), blocks_->data() + word + 1, bytes);
  row.word = {blocks_->data(), word};
  row.offset = offset_ + static_cast<int64_t>(word) + 1;
  blocks_->skip(word + 1 + bytes);
  offset_ = row.offset + static_cast<int64_t>(bytes);
  return true;
}

}  // namespace weft
