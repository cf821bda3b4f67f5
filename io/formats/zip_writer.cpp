// ZipWriter: members as they come; their checksums and the directory follow.
#include <weft/core/error.h>
#include <weft/io/formats/zip_archive.h>
#include <zlib.h>

#include <algorithm>
#include <cstring>

namespace weft {
namespace {

constexpr uint16_t kVersion = 45;      // zip64
constexpr uint16_t kFlags = 8 | 2048;  // checksum after the bytes; names are UTF-8
constexpr uint16_t kDay = 33;          // 1980-01-01: the same tensors give the same file

template <class... T>
void append(std::string& out, T... numbers) {
  (out.append(reinterpret_cast<const char*>(&numbers), sizeof numbers), ...);
}

}  // namespace

void ZipWriter::put(std::string_view bytes) {
  file_.write(bytes);
  at_ += bytes.size();
}

void ZipWriter::begin(const std::string& name, uint64_t size) {
  if (name.size() > UINT16_MAX) throw DataError("[ZipWriter] " + file_.path() + ": a name is longer than 65535 bytes.");
  end_member();
  headers_.push_back(at_);
  // Sizes stand in the extra field, so that readers know that they have 64 bits behind the bytes.
  std::string header = "PK\3\4";
  append(header, kVersion, kFlags, uint16_t{0}, uint16_t{0}, kDay, uint32_t{0}, UINT32_MAX, UINT32_MAX,
         static_cast<uint16_t>(name.size()), uint16_t{20});
  header += name;
  append(header, uint16_t{1}, uint16_t{16}, size, size);
  put(header);
  members_.push_back({.name = name, .size = size, .stored = 0, .offset = at_});
}

void ZipWriter::write(std::string_view bytes) {
  ZipMember& member = members_.back();
  member.checksum =
      static_cast<uint32_t>(::crc32_z(member.checksum, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
  member.stored += bytes.size();
  put(bytes);
}

void ZipWriter::end_member() {
  if (members_.empty()) return;
  const ZipMember& member = members_.back();
  if (member.stored != member.size) {
    throw ValueError("[ZipWriter] " + file_.path() + ": a member got other bytes than were announced.");
  }
  std::string after = "PK\7\10";
  append(after, member.checksum, member.size, member.size);
  put(after);
}

void ZipWriter::commit() {
  end_member();
  const uint64_t start = at_;
  for (size_t i = 0; i < members_.size(); ++i) {
    const ZipMember& member = members_[i];
    std::string entry = "PK\1\2";
    append(entry, kVersion, kVersion, kFlags, uint16_t{0}, uint16_t{0}, kDay, member.checksum, UINT32_MAX, UINT32_MAX,
           static_cast<uint16_t>(member.name.size()), uint16_t{28}, uint16_t{0}, uint16_t{0}, uint16_t{0}, uint32_t{0},
           UINT32_MAX);
    entry += member.name;
    append(entry, uint16_t{1}, uint16_t{24}, member.size, member.size, headers_[i]);
    put(entry);
  }
  const uint64_t end = at_, count = members_.size();
  std::string tail = "PK\6\6";
  append(tail, uint64_t{44}, kVersion, kVersion, uint32_t{0}, uint32_t{0}, count, count, end - start, start);
  tail += "PK\6\7";
  append(tail, uint32_t{0}, end, uint32_t{1});
  tail += "PK\5\6";
  append(tail, uint16_t{0}, uint16_t{0}, uint16_t{UINT16_MAX}, uint16_t{UINT16_MAX}, UINT32_MAX, UINT32_MAX,
         uint16_t{0});
  put(tail);
  file_.commit();
}

}  // namespace weft
