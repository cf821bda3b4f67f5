// TorchFile from a zip archive, whose members torch never compresses: they are read in place.
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/io/formats/pytorch_file.h>
#include <weft/io/formats/pytorch_legacy.h>
#include <weft/io/formats/random_access_file.h>
#include <weft/io/formats/zip_archive.h>
#include <weft/io/text_number.h>

#include <algorithm>
#include <utility>

namespace weft {
namespace {

constexpr uint64_t kLargestPickle = uint64_t{1} << 26;
constexpr std::string_view kPickle = "data.pkl";

/// An archive of torch's. A checksum of 0 is one that torch was told not to compute (set_crc32_options, skip_data):
/// nothing is compared with it.
class TorchZip {
 public:
  explicit TorchZip(const std::string& path) : archive_(path) {}
  const ZipArchive& archive() const { return archive_; }
  [[noreturn]] void fail(const std::string& what) const {
    throw DataError(fmt::format("[open_pytorch] {}: {}.", archive_.path(), what));
  }
  void check_stored(const ZipMember& member) const {
    if (member.compressed)
      fail(fmt::format("member {} is compressed, which torch.save never does", shown(member.name)));
  }
  void read(const ZipMember& member, uint64_t offset, std::span<std::byte> out) const {
    if (member.checksum != 0) archive_.verify(member);
    archive_.read(member, offset, out);
  }
  std::string text(const ZipMember& member) const {
    check_stored(member);
    if (member.size > kLargestPickle) fail("its pickle is larger than 64 MB");
    std::string text(member.size, '\0');
    read(member, 0, std::as_writable_bytes(std::span(text)));
    return text;
  }

 private:
  ZipArchive archive_;
};

TorchFile open_zip_torch(const std::string& path) {
  const auto zip = std::make_shared<const TorchZip>(path);
  const auto& members = zip->archive().members();
  const auto pickle = std::ranges::find_if(members, [](const ZipMember& member) {
    const size_t folder = member.name.find('/');
    return folder != std::string::npos && std::string_view(member.name).substr(folder + 1) == kPickle;
  });
  if (pickle == members.end()) zip->fail("a zip archive without data.pkl: got no file of torch.save");
  const std::string root = pickle->name.substr(0, pickle->name.size() - kPickle.size());
  TorchFile out{.path = path, .bytes = {}, .contents = {}, .storages = {}};
  const std::string data = root + "data/";
  for (const ZipMember& member : members) {
    if (member.name == root + "byteorder" && zip->text(member) != "little") {
      zip->fail("its numbers are big-endian, expected little-endian");
    }
    if (!member.name.starts_with(data)) continue;
    zip->check_stored(member);
    out.storages[member.name.substr(data.size())] = {
        member.size, [zip, &member](uint64_t offset, std::span<std::byte> to) { zip->read(member, offset, to); }};
  }
  out.bytes = std::make_unique<const std::string>(zip->text(*pickle));
  out.contents = pickle::unpickle(*out.bytes, path);
  return out;
}

}  // namespace

TorchFile open_torch_file(const std::string& path) {
  RandomAccessFile file(path);
  const std::string start = file.read(0, std::min<uint64_t>(file.size(), 16));
  if (start.starts_with(std::string_view("PK\3\4", 4))) return open_zip_torch(path);
  if (is_legacy_torch(start)) return open_legacy_torch(std::move(file));
  throw DataError(fmt::format("[open_pytorch] {}: starts with {}, expected a file of torch.save.", path,
                              shown(start.substr(0, 8))));
}

}  // namespace weft
