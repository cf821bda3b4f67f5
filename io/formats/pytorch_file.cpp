// TorchFile from a zip archive, whose members torch never compresses: they are read in place.
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/io/formats/pytorch_file.h>
#include <weft/io/formats/pytorch_legacy.h>
#include <weft/io/text_number.h>
#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

namespace weft {
namespace {

constexpr uint64_t kLargestPickle = uint64_t{1} << 26;
constexpr uint64_t kLargestDirectory = uint64_t{1} << 28;

//   [member: 30 bytes, name, extra | bytes] ...
//   [directory: per member 46 bytes, name, extra, comment]
//   [zip64 end: 56 bytes] [its locator: 20 bytes]   if counts or offsets need 64 bits
//   [end: 22 bytes, comment]
struct Member {
  uint16_t flags = 0, method = 0;
  uint32_t checksum = 0;
  uint64_t stored = 0, size = 0, header = 0;
};

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
    throw DataError(fmt::format("[open_pytorch] {}: no sound zip archive: {}.", path_, what));
  }

 private:
  std::string_view bytes_;
  const std::string& path_;
};

/// Bytes of the directory.
std::string read_directory(const RandomAccessFile& file) {
  const uint64_t tail_size = std::min<uint64_t>(file.size(), 65535 + 22 + 20);
  const uint64_t tail_at = file.size() - tail_size;
  const std::string tail = file.read(tail_at, tail_size);
  const Fields fields(tail, file.path());
  const size_t end = tail.rfind(std::string_view("PK\5\6", 4));
  if (end == std::string::npos) fields.fail("it has no end record");
  uint64_t size = fields.at<uint32_t>(end + 12), offset = fields.at<uint32_t>(end + 16);
  if (size == UINT32_MAX || offset == UINT32_MAX || fields.at<uint16_t>(end + 10) == UINT16_MAX) {
    if (end < 20 || fields.part(end - 20, 4) != std::string_view("PK\6\7", 4)) fields.fail("it has no zip64 record");
    const std::string wide = file.read(fields.at<uint64_t>(end - 20 + 8), 56);
    if (!wide.starts_with(std::string_view("PK\6\6", 4))) fields.fail("its zip64 record is not where it should be");
    size = Fields(wide, file.path()).at<uint64_t>(40);
    offset = Fields(wide, file.path()).at<uint64_t>(48);
  }
  if (size > kLargestDirectory) fields.fail("its directory is larger than 256 MB");
  return file.read(offset, size);
}

/// The numbers of 64 bits that stand in the extra field for those that are all ones.
void widen(Member& member, const Fields& extra, size_t size) {
  for (size_t at = 0; at + 4 <= size;) {
    const auto kind = extra.at<uint16_t>(at);
    const auto length = extra.at<uint16_t>(at + 2);
    at += 4;
    if (kind == 1) {
      size_t next = at;
      for (uint64_t* number : {&member.size, &member.stored, &member.header}) {
        if (*number != UINT32_MAX) continue;
        *number = extra.at<uint64_t>(next);
        next += sizeof *number;
      }
    }
    at += length;
  }
}

std::map<std::string, Member, std::less<>> read_members(const RandomAccessFile& file) {
  const std::string directory = read_directory(file);
  const Fields fields(directory, file.path());
  std::map<std::string, Member, std::less<>> members;
  for (size_t at = 0; at < directory.size();) {
    if (fields.part(at, 4) != std::string_view("PK\1\2", 4)) fields.fail("an entry of its directory is damaged");
    Member member = {.flags = fields.at<uint16_t>(at + 8),
                     .method = fields.at<uint16_t>(at + 10),
                     .checksum = fields.at<uint32_t>(at + 16),
                     .stored = fields.at<uint32_t>(at + 20),
                     .size = fields.at<uint32_t>(at + 24),
                     .header = fields.at<uint32_t>(at + 42)};
    const size_t name = fields.at<uint16_t>(at + 28), extra = fields.at<uint16_t>(at + 30);
    const std::string_view extra_bytes = fields.part(at + 46 + name, extra);
    widen(member, Fields(extra_bytes, file.path()), extra_bytes.size());
    if (!members.emplace(fields.part(at + 46, name), member).second) fields.fail("two members of a name");
    at += 46 + name + extra + fields.at<uint16_t>(at + 32);
  }
  return members;
}

TorchFile::Place find_place(const RandomAccessFile& file, const std::string& name, const Member& member) {
  const auto fail = [&](std::string_view what) {
    throw DataError(fmt::format("[open_pytorch] {}, member {}: {}.", file.path(), shown(name), what));
  };
  if (member.method != 0 || (member.flags & 1) != 0 || member.stored != member.size) {
    fail("it is compressed or encrypted, which torch.save never does");
  }
  const std::string header = file.read(member.header, 30);
  if (!header.starts_with(std::string_view("PK\3\4", 4))) fail("its header is damaged");
  const Fields fields(header, file.path());
  const uint64_t offset = member.header + 30 + fields.at<uint16_t>(26) + fields.at<uint16_t>(28);
  if (offset > file.size() || member.size > file.size() - offset) fail("it lies beyond the end of the file");
  return {offset, member.size};
}

TorchFile open_zip_torch(RandomAccessFile file) {
  const auto members = read_members(file);
  const auto pickle = std::find_if(members.begin(), members.end(), [](const auto& member) {
    return member.first.ends_with("/data.pkl") && member.first.find('/') == member.first.size() - 9;
  });
  const auto fail = [&](std::string_view what) {
    throw DataError(fmt::format("[open_pytorch] {}: {}", file.path(), what));
  };
  if (pickle == members.end()) fail("a zip archive without data.pkl: got no file of torch.save.");
  const std::string root = pickle->first.substr(0, pickle->first.size() - 8);
  TorchFile out{.file = std::move(file), .bytes = {}, .contents = {}, .storages = {}};
  const auto text_of = [&](const std::string& name, const Member& member) {
    if (member.size > kLargestPickle) fail("its pickle is larger than 64 MB.");
    const TorchFile::Place place = find_place(out.file, name, member);
    return out.file.read(place.offset, place.size);
  };
  if (const auto order = members.find(root + "byteorder"); order != members.end()) {
    if (text_of(order->first, order->second) != "little") fail("its numbers are big-endian, expected little-endian.");
  }
  out.bytes = text_of(pickle->first, pickle->second);
  const auto checksum =
      ::crc32(0, reinterpret_cast<const Bytef*>(out.bytes.data()), static_cast<uInt>(out.bytes.size()));
  if (checksum != pickle->second.checksum) fail("data.pkl is damaged: its checksum is another one.");
  const std::string data = root + "data/";
  for (auto member = members.lower_bound(data); member != members.end() && member->first.starts_with(data); ++member) {
    out.storages[member->first.substr(data.size())] = find_place(out.file, member->first, member->second);
  }
  out.contents = pickle::unpickle(out.bytes, out.file.path());
  return out;
}

}  // namespace

TorchFile open_torch_file(const std::string& path) {
  RandomAccessFile file(path);
  const std::string start = file.read(0, std::min<uint64_t>(file.size(), 16));
  if (start.starts_with(std::string_view("PK\3\4", 4))) return open_zip_torch(std::move(file));
  if (is_legacy_torch(start)) return open_legacy_torch(std::move(file));
  throw DataError(fmt::format("[open_pytorch] {}: starts with {}, expected a file of torch.save.", path,
                              shown(start.substr(0, 8))));
}

}  // namespace weft
