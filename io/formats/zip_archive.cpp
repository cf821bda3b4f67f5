// ZipArchive: the directory at the end of the file, and what it says of the members.
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/io/formats/zip_archive.h>
#include <weft/io/text_number.h>
#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <set>
#include <utility>

namespace weft {
namespace {

constexpr uint64_t kLargestDirectory = uint64_t{1} << 28;
constexpr uint64_t kBestCompression = 1032;  // of deflate
constexpr uint64_t kChunk = uint64_t{1} << 20;

/// Numbers of a header, little-endian, each checked against its end.
class Fields {
 public:
  Fields(std::string_view bytes, const std::string& path) : bytes_(bytes), path_(path) {}
  template <class T>
  T at(size_t offset) const {
    T number;
    std::memcpy(&number, part(offset, sizeof number).data(), sizeof number);
    return number;
  }
  std::string_view part(size_t offset, size_t size) const {
    if (offset > bytes_.size() || size > bytes_.size() - offset) fail("its directory is cut short");
    return bytes_.substr(offset, size);
  }
  [[noreturn]] void fail(std::string_view what) const {
    throw DataError(fmt::format("[ZipArchive] {}: no sound zip archive: {}.", path_, what));
  }

 private:
  std::string_view bytes_;
  const std::string& path_;
};

[[noreturn]] void fail(const std::string& path, const ZipMember& member, std::string_view what) {
  throw DataError(fmt::format("[ZipArchive] {}: member {} {}.", path, shown(member.name), what));
}

[[noreturn]] void fail_checksum(const std::string& path, const ZipMember& member, uint32_t got) {
  fail(path, member, fmt::format("is damaged: got bytes of CRC-32 {:08x}, expected {:08x}", got, member.checksum));
}

uint32_t checksum_of(uint32_t before, std::string_view bytes) {
  return static_cast<uint32_t>(::crc32_z(before, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

struct Directory {
  uint64_t offset = 0;
  std::string bytes;
};

Directory read_directory(const RandomAccessFile& file) {
  const uint64_t tail_size = std::min<uint64_t>(file.size(), 65535 + 22 + 20);
  const std::string tail = file.read(file.size() - tail_size, tail_size);
  const Fields fields(tail, file.path());
  const size_t end = tail.rfind(std::string_view("PK\5\6", 4));
  if (end == std::string::npos) fields.fail("it has no end record");
  fields.part(end, 22);
  uint64_t size = fields.at<uint32_t>(end + 12), offset = fields.at<uint32_t>(end + 16);
  if (size == UINT32_MAX || offset == UINT32_MAX || fields.at<uint16_t>(end + 10) == UINT16_MAX) {
    if (end < 20 || fields.part(end - 20, 4) != std::string_view("PK\6\7", 4)) fields.fail("it has no zip64 record");
    const std::string wide = file.read(fields.at<uint64_t>(end - 20 + 8), 56);
    if (!wide.starts_with(std::string_view("PK\6\6", 4))) fields.fail("its zip64 record is not where it should be");
    size = Fields(wide, file.path()).at<uint64_t>(40);
    offset = Fields(wide, file.path()).at<uint64_t>(48);
  }
  if (size > kLargestDirectory) fields.fail("its directory is larger than 256 MB");
  return {offset, file.read(offset, size)};
}

/// The numbers of 64 bits that stand in the extra field for those that are all ones.
void widen(ZipMember& member, const Fields& extra, size_t size) {
  for (size_t at = 0; at + 4 <= size;) {
    const auto kind = extra.at<uint16_t>(at);
    const auto length = extra.at<uint16_t>(at + 2);
    at += 4;
    if (kind == 1) {
      size_t next = at;
      for (uint64_t* number : {&member.size, &member.stored, &member.offset}) {
        if (*number != UINT32_MAX) continue;
        *number = extra.at<uint64_t>(next);
        next += sizeof *number;
      }
    }
    at += length;
  }
}

/// From the offset of a member's header to that of its bytes; checks that they lie in the file.
void find_bytes(const RandomAccessFile& file, ZipMember& member) {
  const std::string header = file.read(member.offset, 30);
  if (!header.starts_with(std::string_view("PK\3\4", 4))) fail(file.path(), member, "has a damaged header");
  const Fields fields(header, file.path());
  member.offset += uint64_t{30} + fields.at<uint16_t>(26) + fields.at<uint16_t>(28);
  if (member.offset > file.size() || member.stored > file.size() - member.offset) {
    fail(file.path(), member, "lies beyond the end of the file");
  }
  const bool possible =
      member.compressed ? member.size / kBestCompression <= member.stored : member.size == member.stored;
  if (!possible) fail(file.path(), member, "has a size that its bytes can't give");
}

/// A member's bytes with its header, or the directory's.
struct Part {
  uint64_t begin = 0;
  uint64_t end = 0;
  std::string_view name;
};

/// Members that share bytes would let a small file hold any number of large ones.
void check_apart(std::vector<Part> parts, const std::string& path) {
  std::ranges::sort(parts, {}, &Part::begin);
  for (size_t i = 1; i < parts.size(); ++i) {
    if (parts[i - 1].end <= parts[i].begin) continue;
    throw DataError(fmt::format("[ZipArchive] {}: {} and {} overlap: got bytes {} to {} and those from {} on.", path,
                                shown(parts[i - 1].name), shown(parts[i].name), parts[i - 1].begin, parts[i - 1].end,
                                parts[i].begin));
  }
}

}  // namespace

ZipArchive::ZipArchive(const std::string& path) : file_(path) {
  const auto [offset, directory] = read_directory(file_);
  const Fields fields(directory, path);
  std::set<std::string_view> names;
  std::vector<Part> parts = {{offset, offset + directory.size(), "the directory"}};
  for (size_t at = 0; at < directory.size();) {
    if (fields.part(at, 4) != std::string_view("PK\1\2", 4)) fields.fail("an entry of its directory is damaged");
    const size_t name = fields.at<uint16_t>(at + 28), extra = fields.at<uint16_t>(at + 30);
    const auto flags = fields.at<uint16_t>(at + 8), method = fields.at<uint16_t>(at + 10);
    ZipMember member = {.name = std::string(fields.part(at + 46, name)),
                        .compressed = method == 8,
                        .size = fields.at<uint32_t>(at + 24),
                        .stored = fields.at<uint32_t>(at + 20),
                        .offset = fields.at<uint32_t>(at + 42),
                        .checksum = fields.at<uint32_t>(at + 16)};
    if ((flags & 1) != 0 || (method != 0 && method != 8)) {
      fail(path, member, "is encrypted or compressed otherwise than by deflate");
    }
    if (!names.insert(fields.part(at + 46, name)).second) fail(path, member, "is there twice");
    const std::string_view extra_bytes = fields.part(at + 46 + name, extra);
    widen(member, Fields(extra_bytes, path), extra_bytes.size());
    const uint64_t begin = member.offset;
    find_bytes(file_, member);
    parts.push_back({begin, member.offset + member.stored, fields.part(at + 46, name)});
    members_.push_back(std::move(member));
    at += 46 + name + extra + fields.at<uint16_t>(at + 32);
  }
  check_apart(std::move(parts), path);
}

void ZipArchive::read(const ZipMember& member, uint64_t offset, std::span<std::byte> out) const {
  if (member.compressed || offset > member.size || out.size() > member.size - offset) {
    fail(path(), member, fmt::format("has no {} bytes from {} on", out.size(), offset));
  }
  file_.read(member.offset + offset, out);
}

void ZipArchive::verify(const ZipMember& member) const {
  const std::lock_guard lock(mutex_);
  if (verified_.contains(member.offset)) return;
  uint32_t checksum = 0;
  for (uint64_t at = 0; at < member.stored; at += kChunk) {
    checksum = checksum_of(checksum, file_.read(member.offset + at, std::min(kChunk, member.stored - at)));
  }
  if (checksum != member.checksum) fail_checksum(path(), member, checksum);
  verified_.insert(member.offset);
}

std::string ZipArchive::read(const ZipMember& member, uint64_t limit) const {
  if (member.size > limit) fail(path(), member, fmt::format("has {} bytes, expected at most {}", member.size, limit));
  if (!member.compressed) {
    std::string bytes = file_.read(member.offset, member.size);
    const uint32_t checksum = checksum_of(0, bytes);
    if (checksum != member.checksum) fail_checksum(path(), member, checksum);
    return bytes;
  }
  ZipInflater source = inflater(member);
  std::string bytes;
  do {  // a piece at a time: the size is only what the directory says
    const size_t done = bytes.size();
    bytes.resize(done + std::min(kChunk, member.size - done));
    source.read(done, std::as_writable_bytes(std::span(bytes)).subspan(done));
  } while (bytes.size() < member.size);
  return bytes;
}

}  // namespace weft
