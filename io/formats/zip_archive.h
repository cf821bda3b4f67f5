// Zip archives: members listed, read in ranges or whole; and written, not compressed.
#pragma once
#include <weft/io/atomic_file.h>
#include <weft/io/formats/random_access_file.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weft {

//   [member: 30 bytes, name, extra | bytes | checksum and sizes, if they were not known before] ...
//   [directory: per member 46 bytes, name, extra, comment]
//   [zip64 end: 56 bytes] [its locator: 20 bytes]   if counts or offsets need 64 bits
//   [end: 22 bytes, comment]

struct ZipMember {
  std::string name;
  bool compressed = false;  ///< by deflate
  uint64_t size = 0;        ///< of what it holds
  uint64_t stored = 0;      ///< bytes in the file
  uint64_t offset = 0;      ///< of these bytes
  uint32_t checksum = 0;    ///< CRC-32
};

/// The bytes of a compressed member from front to back, some KB of them in memory: sent back, it begins anew. One
/// thread at a time.
class ZipInflater {
 public:
  /// The file outlives it.
  ZipInflater(const RandomAccessFile& file, const ZipMember& member);
  ZipInflater(ZipInflater&&) noexcept;
  ZipInflater& operator=(ZipInflater&&) noexcept;
  ~ZipInflater();
  /// Bytes [offset, offset + out.size()) of what the member holds; with the last of them its checksum is compared.
  /// Throws DataError (path, member), IoError.
  void read(uint64_t offset, std::span<std::byte> out);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Throws DataError (path, member) for what is no sound archive: members beyond the file, of one name, with bytes in
/// common, encrypted, or larger than deflate could have made them small. Any thread may read.
class ZipArchive {
 public:
  explicit ZipArchive(const std::string& path);
  const std::string& path() const { return file_.path(); }
  /// In the order of the directory.
  const std::vector<ZipMember>& members() const { return members_; }
  /// Bytes of a member that is not compressed; its checksum is not looked at.
  void read(const ZipMember& member, uint64_t offset, std::span<std::byte> out) const;
  /// All of a member, of at most `limit` bytes, with the right checksum.
  std::string read(const ZipMember& member, uint64_t limit) const;
  /// Throws DataError for a member, not compressed, whose bytes are not those of its checksum. Reads them at the first
  /// call.
  void verify(const ZipMember& member) const;
  /// For a compressed member; the archive outlives it.
  ZipInflater inflater(const ZipMember& member) const { return {file_, member}; }

 private:
  RandomAccessFile file_;
  std::vector<ZipMember> members_;
  mutable std::mutex mutex_;
  mutable std::set<uint64_t> verified_;  // offsets of members
};

/// A new archive at `path`, there when commit() returns. Throws IoError.
class ZipWriter {
 public:
  explicit ZipWriter(const std::string& path) : file_(path) {}
  /// Begins a member of `size` bytes, which the next calls of write() give; the one before must be whole.
  void begin(const std::string& name, uint64_t size);
  void write(std::string_view bytes);
  void commit();

 private:
  void end_member();
  void put(std::string_view bytes);

  AtomicFile file_;
  uint64_t at_ = 0;
  std::vector<ZipMember> members_;
  std::vector<uint64_t> headers_;
};

}  // namespace weft
