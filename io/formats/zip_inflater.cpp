// ZipInflater: zlib over a member, a chunk of it in memory at a time.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/core/test_directory.h>
#include <weft/io/formats/zip_archive.h>
#include <weft/io/text_number.h>
#include <zlib.h>

#include <algorithm>
#include <utility>

namespace weft {
namespace {

constexpr uint64_t kChunk = uint64_t{1} << 16;

}  // namespace

struct ZipInflater::State {
  State(const RandomAccessFile& from, const ZipMember& what) : file(from), member(what), chunk(kChunk) {
    if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) fail("no memory");
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { inflateEnd(&stream); }

  [[noreturn]] void fail(const std::string& what) const {
    throw DataError(
        fmt::format("[ZipArchive] {}: member {} can't be decompressed: {}.", file.path(), shown(member.name), what));
  }
  void restart();
  size_t inflate_some(std::span<std::byte> out);
  void make(std::span<std::byte> out);
  void finish();

  const RandomAccessFile& file;
  const ZipMember member;
  z_stream stream = {};
  std::vector<std::byte> chunk;
  uint64_t taken = 0;  // of the stored bytes
  uint64_t made = 0;
  uint32_t checksum = 0;
  bool ended = false;     // the stream said so
  bool finished = false;  // and its checksum was right
};

void ZipInflater::State::restart() {
  if (inflateReset(&stream) != Z_OK) fail("no memory");
  stream.avail_in = 0;
  taken = made = 0;
  checksum = 0;
  ended = finished = false;
}

/// Fills what it can with one call of zlib's; 0 bytes only where the stream ends.
size_t ZipInflater::State::inflate_some(std::span<std::byte> out) {
  while (!ended) {
    if (stream.avail_in == 0) {
      const auto more = std::span(chunk).first(std::min(kChunk, member.stored - taken));
      if (more.empty()) fail("it ends too early");
      file.read(member.offset + taken, more);
      taken += more.size();
      stream.next_in = reinterpret_cast<Bytef*>(more.data());
      stream.avail_in = static_cast<uInt>(more.size());
    }
    const auto room = static_cast<uInt>(std::min<size_t>(out.size(), size_t{1} << 30));
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = room;
    const int result = ::inflate(&stream, Z_NO_FLUSH);
    if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) fail("it is damaged");
    ended = result == Z_STREAM_END;
    if (const size_t got = room - stream.avail_out; got > 0) return got;
  }
  return 0;
}

void ZipInflater::State::make(std::span<std::byte> out) {
  for (size_t done = 0; done < out.size();) {
    const auto piece = out.subspan(done, inflate_some(out.subspan(done)));
    if (piece.empty()) fail(fmt::format("got {} bytes, expected {}", made, member.size));
    checksum = static_cast<uint32_t>(::crc32_z(checksum, reinterpret_cast<const Bytef*>(piece.data()), piece.size()));
    done += piece.size();
    made += piece.size();
  }
}

void ZipInflater::State::finish() {
  std::byte more;
  if (inflate_some({&more, 1}) != 0) fail(fmt::format("got more than the {} bytes expected", member.size));
  if (checksum != member.checksum) {
    fail(fmt::format("got bytes of CRC-32 {:08x}, expected {:08x}", checksum, member.checksum));
  }
  finished = true;
}

ZipInflater::ZipInflater(const RandomAccessFile& file, const ZipMember& member)
    : state_(std::make_unique<State>(file, member)) {}
ZipInflater::ZipInflater(ZipInflater&&) noexcept = default;
ZipInflater& ZipInflater::operator=(ZipInflater&&) noexcept = default;
ZipInflater::~ZipInflater() = default;

void ZipInflater::read(uint64_t offset, std::span<std::byte> out) {
  State& state = *state_;
  const uint64_t size = state.member.size;
  if (offset > size || out.size() > size - offset) {
    state.fail(fmt::format("got {} bytes, expected {} from {} on", size, out.size(), offset));
  }
  if (offset < state.made) state.restart();
  std::vector<std::byte> passed(std::min(kChunk, offset - state.made));
  while (state.made < offset) state.make(std::span(passed).first(std::min(kChunk, offset - state.made)));
  state.make(out);
  if (state.made == size && !state.finished) state.finish();
}

#ifndef DOCTEST_CONFIG_DISABLE
namespace {

std::string deflated(const std::string& bytes) {
  z_stream stream = {};
  REQUIRE(deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));  // zlib's interface lacks the const
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

uint32_t checksum_of(const std::string& bytes) {
  return static_cast<uint32_t>(::crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

}  // namespace

TEST_CASE("zip inflater: forward, back, and the checksum at the end") {
  std::string whole;
  for (int i = 0; whole.size() < 300000; ++i) whole += std::to_string(i * i) + " ";
  const std::string stored = deflated(whole);
  const TestFile test("ab" + stored);
  const RandomAccessFile file(test.path);
  const ZipMember member = {.name = "m",
                            .compressed = true,
                            .size = whole.size(),
                            .stored = stored.size(),
                            .offset = 2,
                            .checksum = checksum_of(whole)};
  ZipInflater inflater(file, member);
  for (const size_t at : {size_t{0}, size_t{1000}, size_t{200000}, size_t{199999}, whole.size() - 10}) {
    std::string ten(10, '\0');
    inflater.read(at, std::as_writable_bytes(std::span(ten)));
    CHECK(ten == whole.substr(at, 10));
  }
  inflater.read(whole.size(), {});
  std::string all(whole.size(), '\0');
  const auto read_all = [&](const ZipMember& changed) {
    ZipInflater(file, changed).read(0, std::as_writable_bytes(std::span(all)).first(changed.size));
  };
  read_all(member);
  CHECK(all == whole);
  CHECK_THROWS_AS(inflater.read(whole.size() - 5, std::as_writable_bytes(std::span(all)).first(6)), DataError);
  ZipMember other = member;
  other.checksum ^= 1;
  CHECK_THROWS_WITH_AS(read_all(other), doctest::Contains("CRC-32"), DataError);
  other = member;
  --other.size;
  CHECK_THROWS_WITH_AS(read_all(other), doctest::Contains("more than"), DataError);
  other = member;
  --other.stored;
  CHECK_THROWS_WITH_AS(read_all(other), doctest::Contains("too early"), DataError);
  all.push_back('\0');
  other = member;
  ++other.size;
  CHECK_THROWS_WITH_AS(read_all(other), doctest::Contains("expected 300"), DataError);
}
#endif

}  // namespace weft
