// Text of vocabulary files, read with read(): a mapped file would change under us when somebody writes to it.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <weft/core/error.h>
#include <weft/io/vocabulary_file.h>

#include <doctest/doctest.h>
#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <limits>

namespace weft {
namespace {

constexpr size_t kPiece = size_t{1} << 20;  // counted while it is in the cache

[[noreturn]] void fail(const std::string& path) {
  throw IoError(
      fmt::format("[vocabulary] {}: can't read: {}, expected a file with one word a line. Check the path and its "
                  "permissions.",
                  path, std::strerror(errno)));
}

struct File {
  int descriptor;
  explicit File(const std::string& path) : descriptor(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (descriptor < 0) fail(path);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() { close(descriptor); }
};

Buffer grown(const Buffer& old, size_t used) {
  Buffer buffer = Buffer::zeros(2 * old.capacity());
  std::memcpy(buffer.data(), old.data(), used);
  return buffer;
}

}  // namespace

VocabularyText::VocabularyText(const std::string& path, int64_t max_lines) : path_(path) {
  const File file(path);
  struct stat status {};
  if (fstat(file.descriptor, &status) != 0) fail(path);
  read(file.descriptor, static_cast<size_t>(std::max<off_t>(status.st_size, 0)), max_lines);
}

void VocabularyText::read(int file, size_t expected, int64_t max_lines) {
  // One byte in front, one more than the file has: the end is then seen without growing. A pipe's size is not known.
  buffer_ = Buffer::zeros(std::max<size_t>(expected + 2, 4096));
  while (max_lines < 0 || lines_ < max_lines) {
    if (1 + size_ == buffer_.capacity()) buffer_ = grown(buffer_, 1 + size_);
    char* to = buffer_.as<char>() + 1 + size_;
    const ssize_t got = ::read(file, to, std::min(kPiece, buffer_.capacity() - 1 - size_));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail(path_);
    if (got == 0) break;
    lines_ += std::count(to, to + got, '\n');
    size_ += static_cast<size_t>(got);
  }
  const char* text = buffer_.as<char>() + 1;
  // A lone CR after the last newline is the end of the file to TensorFlow, not a blank line.
  if (size_ > 0 && text[size_ - 1] == '\r' && (size_ == 1 || text[size_ - 2] == '\n')) --size_;
  if (size_ > 0 && text[size_ - 1] != '\n') ++lines_;
  if (max_lines >= 0) lines_ = std::min(lines_, max_lines);
}

std::optional<std::string_view> VocabularyText::next() {
  if (line_ == lines_) return std::nullopt;
  const char* start = buffer_.as<char>() + 1 + position_;
  const auto* newline = static_cast<const char*>(std::memchr(start, '\n', size_ - position_));
  size_t size = newline != nullptr ? static_cast<size_t>(newline - start) : size_ - position_;
  position_ += size + (newline != nullptr ? 1 : 0);
  if (size > 0 && start[size - 1] == '\r') --size;
  if (size == 0) {
    throw DataError(
        fmt::format("[vocabulary] Invalid content in {}: empty line found at position {} (line {}). Remove the line, "
                    "or give a smaller vocabulary_size.",
                    path_, position_, line_ + 1));
  }
  ++line_;
  return std::string_view(start, size);
}

std::optional<int64_t> parse_vocabulary_integer(std::string_view word) {
  constexpr std::string_view kSpaces = " \t\n\v\f\r";
  const size_t first = word.find_first_not_of(kSpaces);
  if (first == std::string_view::npos) return std::nullopt;
  word = word.substr(first, word.find_last_not_of(kSpaces) - first + 1);
  int64_t value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return value;
}

TEST_CASE("vocabulary file: integers are read as TensorFlow reads them") {
  CHECK(parse_vocabulary_integer("7") == 7);
  CHECK(parse_vocabulary_integer(" 7\t") == 7);
  CHECK(parse_vocabulary_integer("007") == 7);
  CHECK(parse_vocabulary_integer("-0") == 0);
  CHECK(parse_vocabulary_integer("-9223372036854775808") == std::numeric_limits<int64_t>::min());
  for (const char* wrong : {"", " ", "+3", "0x10", "1.0", "-", "- 7", "two", "9223372036854775808", "7 8"}) {
    CHECK_FALSE(parse_vocabulary_integer(wrong).has_value());
  }
}

}  // namespace weft
