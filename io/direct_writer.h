// DirectWriter: writes blocks of a file past the system's cache of pages.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

namespace weft {

/// A second way into a file that is being written: whole blocks go from our memory to the disk, with no copy in the
/// system's memory, whose pages cost more to get than the disk takes for their bytes. Where the file system has no such
/// way, write() says so and nothing is done. Any thread may write any time.
class DirectWriter {
 public:
  /// Of places, sizes and addresses.
  static constexpr int64_t kBlock = 4096;

  DirectWriter() = default;
  explicit DirectWriter(const std::string& path);
  DirectWriter(DirectWriter&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  DirectWriter& operator=(DirectWriter&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~DirectWriter();

  bool open() const { return descriptor_ >= 0; }
  /// False if this can't be written directly: not whole blocks, or the system refuses. It may have been written in
  /// part; write it all in the usual way then, which also tells of a full disk.
  bool write(int64_t place, const void* bytes, int64_t count) const;

 private:
  int descriptor_ = -1;
};

}  // namespace weft
