// RandomAccessFile: any bytes of a file by their offset, from several threads.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace weft {

/// A file open for reading, with the size that it had then. A value that is moved.
class RandomAccessFile {
 public:
  /// Throws IoError (path, the system's reason), also for a directory.
  explicit RandomAccessFile(std::string path);
  RandomAccessFile(RandomAccessFile&& other) noexcept;
  RandomAccessFile& operator=(RandomAccessFile&& other) noexcept;
  ~RandomAccessFile();

  const std::string& path() const { return path_; }
  uint64_t size() const { return size_; }
  /// A hint: it will be read from one end to the other, so that the system reads further ahead.
  void expect_sequential() const;
  /// Bytes [offset, offset + out.size()). Throws DataError if the file has fewer, IoError.
  void read(uint64_t offset, std::span<std::byte> out) const;
  /// The same as a string. The size is checked before memory is taken.
  std::string read(uint64_t offset, uint64_t size) const;

 private:
  void check(uint64_t offset, uint64_t size) const;

  std::string path_;
  uint64_t size_ = 0;
  int descriptor_ = -1;
};

}  // namespace weft
