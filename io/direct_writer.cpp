// DirectWriter: O_DIRECT.
#include <weft/core/buffer.h>
#include <weft/core/test_directory.h>
#include <weft/io/direct_writer.h>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace weft {

DirectWriter::DirectWriter(const std::string& path) {
#if defined(O_DIRECT)
  descriptor_ = ::open(path.c_str(), O_WRONLY | O_DIRECT | O_CLOEXEC);
#else
  static_cast<void>(path);
#endif
}

DirectWriter::~DirectWriter() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

bool DirectWriter::write(int64_t place, const void* bytes, int64_t count) const {
  const auto address = static_cast<int64_t>(reinterpret_cast<uintptr_t>(bytes));
  if (!open() || (place | count | address) % kBlock != 0) return false;
  const char* at = static_cast<const char*>(bytes);
  while (count > 0) {
    const ssize_t written = ::pwrite(descriptor_, at, static_cast<size_t>(count), place);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0 || written % kBlock != 0) return false;
    at += written;
    place += written;
    count -= written;
  }
  return true;
}

TEST_CASE("direct writer: whole blocks are written where the file system can, others are refused") {
  const TestDirectory directory;
  const std::string path = directory.path + "/a.bin";
  put_file(path, "head");
  const DirectWriter writer(path);
  constexpr auto kBlock = static_cast<size_t>(DirectWriter::kBlock);
  const Buffer buffer(size_t{8} << 20);  // mapped: on a page's border
  std::memset(buffer.data(), 'x', 2 * kBlock);
  CHECK_FALSE(writer.write(1, buffer.data(), DirectWriter::kBlock));
  CHECK_FALSE(writer.write(0, buffer.data(), 5));
  CHECK_FALSE(writer.write(0, buffer.as<char>() + 4, DirectWriter::kBlock));
  CHECK_FALSE(DirectWriter(directory.path + "/none").open());
  CHECK_FALSE(DirectWriter().write(0, buffer.data(), DirectWriter::kBlock));
  if (!writer.write(DirectWriter::kBlock, buffer.data(), 2 * DirectWriter::kBlock)) return;  // as on tmpfs of old
  const std::string bytes = file_bytes(path);
  CHECK(bytes.size() == 3 * kBlock);
  CHECK(bytes.substr(0, 4) == "head");
  CHECK(bytes.substr(kBlock) == std::string(2 * kBlock, 'x'));
}

}  // namespace weft
