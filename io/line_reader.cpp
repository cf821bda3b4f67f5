// LineReader: finds a line's end with memchr, and walks its fields only if there is a quote in it.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/core/test_directory.h>
#include <weft/io/line_reader.h>

#include <algorithm>
#include <cstring>
#include <vector>

namespace weft {
namespace {

/// No line of a sound file is longer, but the rest of a file after a quote that nobody closed.
constexpr size_t kLongestLine = size_t{1} << 26;

const char* find(const char* begin, const char* end, char c) {
  if (begin == end) return end;
  const void* found = std::memchr(begin, c, static_cast<size_t>(end - begin));
  return found == nullptr ? end : static_cast<const char*>(found);
}

}  // namespace

Compression compression_by_name(const std::string& path) {
  return path.ends_with(".gz") ? Compression::gzip : Compression::none;
}

void LineReader::fail(const std::string& what) const {
  throw DataError(fmt::format("[{}] {}, line {}: {}", format_.where, path_, line_, what));
}

void LineReader::open(const std::string& path) {
  const Compression compression = compression_by_name(path);
  path_ = path;
  line_ = 1;
  offset_ = 0;
  if (blocks_) {
    blocks_->open(path, compression);
  } else {
    blocks_.emplace(path, compression);
  }
  skip_mark();
}

bool LineReader::fill(size_t need) {
  try {
    return blocks_->fill(need);
  } catch (const InflateError& error) {
    fail(fmt::format("corrupted stream in or after this line: {}. Check that the file is whole and compressed by gzip.",
                     error.what()));
  }
}

void LineReader::skip_mark() {
  fill(3);
  const std::string_view start(blocks_->data(), std::min<size_t>(blocks_->unread(), 3));
  if (start.starts_with("\xff\xfe") || start.starts_with("\xfe\xff"))
    fail("got the mark of UTF-16, expected UTF-8. Convert the file, as with iconv -f UTF-16 -t UTF-8.");
  if (start != "\xef\xbb\xbf") return;
  blocks_->skip(3);
  offset_ = 3;
}

bool LineReader::next(RecordReader::Record& record) {
  Frame frame;
  while (find_end(frame)) {
    const char* begin = blocks_->data();
    const char* end = begin + frame.size;
    if (end != begin && end[-1] == '\r') --end;
    const bool found = holds_record(begin, end);
    if (found) {
      record = {.data = {begin, static_cast<size_t>(end - begin)},
                .offset = offset_,
                .number = line_,
                .owner = &blocks_->owner()};
    }
    blocks_->skip(frame.skip);
    offset_ += static_cast<int64_t>(frame.skip);
    line_ += frame.newlines;
    if (found) return true;
  }
  return false;
}

bool LineReader::holds_record(const char* begin, const char* end) const {
  if (format_.comment == '\0') return begin != end;
  while (begin != end && (*begin == ' ' || *begin == '\t')) ++begin;
  return begin != end && *begin != format_.comment;
}

/// Gets more of a line whose end is not there yet; false at the end of the file.
bool LineReader::read_more() {
  const size_t have = blocks_->unread();
  if (have > kLongestLine)
    fail(fmt::format(
        "got a line of more than {} bytes. Close the quote in it, or set quote = '\\0' if the file does not "
        "enclose fields in quotes.",
        kLongestLine));
  fill(std::max<size_t>(1, 2 * have));
  if (blocks_->unread() != have) return true;
  if (blocks_->source().cut_short()) fail("the compressed file ends in the middle. Copy it whole.");
  return false;
}

/// The unread line's extent; false at the end of the file.
bool LineReader::find_end(Frame& frame) {
  State state = State::field_start;
  int64_t newlines = 0;
  size_t searched = 0;  // bytes without a newline since the last look
  size_t walked = 0;    // bytes before the last newline, which was within quotes
  while (true) {
    const char* data = blocks_->data();
    const char* end = data + blocks_->unread();
    const char* newline = find(data + searched, end, '\n');
    const bool complete = newline != end;
    if (!complete) {
      searched = blocks_->unread();
      if (read_more()) continue;
      if (searched == 0) return false;
    }
    if (format_.quote != '\0' &&
        (state != State::field_start || find(data + walked, newline, format_.quote) != newline))
      state = walk(state, data + walked, newline);
    const auto size = static_cast<size_t>(newline - data);
    if (state != State::quoted) {
      frame = {.size = size, .skip = size + complete, .newlines = newlines + complete};
      return true;
    }
    if (!complete) fail("a quoted field has no end. Close the quote, or double quotes that are text.");
    ++newlines;
    searched = walked = size + 1;
  }
}

LineReader::State LineReader::walk(State state, const char* at, const char* end) const {
  const char quote = format_.quote, delimiter = format_.delimiter;
  while (at != end) {
    switch (state) {
      case State::field_start:
        state = *at == quote ? State::quoted : *at == delimiter ? State::field_start : State::unquoted;
        ++at;
        break;
      case State::unquoted:
        at = find(at, end, delimiter);
        if (at != end) state = State::field_start, ++at;
        break;
      case State::quoted:
        at = find(at, end, quote);
        if (at != end) state = State::quote_in_quoted, ++at;
        break;
      case State::quote_in_quoted:
        state = *at == quote ? State::quoted : *at == delimiter ? State::field_start : State::unquoted;
        ++at;
        break;
    }
  }
  return state;
}

#ifndef DOCTEST_CONFIG_DISABLE
namespace {

const LineFormat kCsv = {.quote = '"', .delimiter = ',', .where = "test"};

using Lines = std::vector<std::pair<int64_t, std::string>>;

Lines lines_of(std::string_view bytes, const LineFormat& format = kCsv) {
  const TestFile file(bytes);
  LineReader reader(format);
  reader.open(file.path);
  Lines lines;
  RecordReader::Record record;
  while (reader.next(record)) {
    lines.emplace_back(record.number, record.data);
    CHECK(bytes.substr(static_cast<size_t>(record.offset), record.data.size()) == record.data);
  }
  return lines;
}

}  // namespace

TEST_CASE("line_reader: lines end with LF or CRLF, the last one with nothing; empty ones are left out") {
  CHECK(lines_of("a\nb\r\n\r\n\nc") == Lines{{1, "a"}, {2, "b"}, {5, "c"}});
  CHECK(lines_of("a\n") == Lines{{1, "a"}});
  CHECK(lines_of("a\r") == Lines{{1, "a"}});
  CHECK(lines_of("a\rb\r\r\n") == Lines{{1, "a\rb\r"}});
  CHECK(lines_of("") == Lines{});
  CHECK(lines_of("\n\r\n") == Lines{});
  CHECK(lines_of(std::string_view("a\0b\n", 4)) == Lines{{1, std::string("a\0b", 3)}});
  CHECK(lines_of("\xef\xbb\xbf"
                 "a\n\xef\xbb\xbf") == Lines{{1, "a"}, {2, "\xef\xbb\xbf"}});
}

TEST_CASE("line_reader: newlines within quotes are text") {
  CHECK(lines_of("a,\"b\nc\"\nd") == Lines{{1, "a,\"b\nc\""}, {3, "d"}});
  CHECK(lines_of("\"a\r\n\n\"\"\n\",\"\n\"\r\nb") == Lines{{1, "\"a\r\n\n\"\"\n\",\"\n\""}, {6, "b"}});
  CHECK(lines_of("\"\"\n\"a\"\"\"\nb") == Lines{{1, "\"\""}, {2, "\"a\"\"\""}, {3, "b"}});
  // A quote that does not start a field opens nothing.
  CHECK(lines_of("5\" pipe,\"x\"y\"\nb") == Lines{{1, "5\" pipe,\"x\"y\""}, {2, "b"}});
  CHECK(lines_of("\"a\nb\"\n", {.where = "test"}) == Lines{{1, "\"a"}, {2, "b\""}});
}

TEST_CASE("line_reader: comments and blank lines") {
  const LineFormat format{.comment = '#', .where = "test"};
  CHECK(lines_of("# x\n1 2 # y\n \t\n\t#\n \r\n3", format) == Lines{{2, "1 2 # y"}, {6, "3"}});
}

TEST_CASE("line_reader: quotes and line ends anywhere about a block's edge") {
  constexpr size_t kBlock = size_t{1} << 20;
  const std::string pattern = "x,\"q\n\"\"\r\n\",\"\"\r\ny\n";
  for (size_t shift = 0; shift < 20; ++shift) {
    const std::string head(kBlock - shift - 1, 'h');
    CHECK(lines_of(head + "\n" + pattern) == Lines{{1, head}, {2, "x,\"q\n\"\"\r\n\",\"\""}, {5, "y"}});
  }
  const std::string large = "\"" + std::string(3 * kBlock, '\n') + "\"";
  CHECK(lines_of("a\n" + large + "\nb\n") == Lines{{1, "a"}, {2, large}, {static_cast<int64_t>(3 * kBlock) + 3, "b"}});
}

TEST_CASE("line_reader: what can't be read is named by its line") {
  CHECK_THROWS_WITH_AS(lines_of("a\nb,\"c\nd\n"), doctest::Contains("line 2: a quoted field has no end"), DataError);
  CHECK_THROWS_WITH_AS(lines_of("\xff\xfe"
                                "a"),
                       doctest::Contains("UTF-16"), DataError);
  CHECK_THROWS_WITH_AS(lines_of("a\n\"" + std::string((size_t{1} << 26) + 10, 'x')),
                       doctest::Contains("line 2: got a line of more than"), DataError);
}
#endif

}  // namespace weft
