// RandomAccessFile: pread until all is there.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <weft/core/error.h>
#include <weft/core/test_directory.h>
#include <weft/io/formats/random_access_file.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace weft {
namespace {

[[noreturn]] void fail(const std::string& path, const char* what, int error) {
  throw IoError(fmt::format("[RandomAccessFile] {}: {}: {}. Check that the file is there and may be read.", path, what,
                            std::strerror(error)));
}

}  // namespace

RandomAccessFile::RandomAccessFile(std::string path) : path_(std::move(path)) {
  descriptor_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor_ < 0) fail(path_, "can't open", errno);
  struct stat facts = {};
  const int error = ::fstat(descriptor_, &facts) != 0 ? errno : S_ISDIR(facts.st_mode) ? EISDIR : 0;
  if (error != 0) {
    ::close(descriptor_);
    fail(path_, "can't open", error);
  }
  size_ = static_cast<uint64_t>(facts.st_size);
}

RandomAccessFile::RandomAccessFile(RandomAccessFile&& other) noexcept
    : path_(std::move(other.path_)), size_(other.size_), descriptor_(std::exchange(other.descriptor_, -1)) {}

RandomAccessFile& RandomAccessFile::operator=(RandomAccessFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(size_, other.size_);
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

RandomAccessFile::~RandomAccessFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void RandomAccessFile::expect_sequential() const {
  ::posix_fadvise(descriptor_, 0, 0, POSIX_FADV_SEQUENTIAL);
}

void RandomAccessFile::check(uint64_t offset, uint64_t size) const {
  if (offset <= size_ && size <= size_ - offset) return;
  throw DataError(
      fmt::format("[RandomAccessFile] {}: got {} bytes, expected {} from offset {}. The file is cut short or damaged.",
                  path_, size_, size, offset));
}

void RandomAccessFile::read(uint64_t offset, std::span<std::byte> out) const {
  check(offset, out.size());
  for (size_t done = 0; done < out.size();) {
    const ssize_t got = ::pread(descriptor_, out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail(path_, "can't read", errno);
    if (got == 0) {
      throw DataError(fmt::format("[RandomAccessFile] {}: became shorter while it was read: got {} bytes, expected {}.",
                                  path_, offset + done, size_));
    }
    done += static_cast<size_t>(got);
  }
}

std::string RandomAccessFile::read(uint64_t offset, uint64_t size) const {
  check(offset, size);
  std::string bytes(size, '\0');
  read(offset, std::as_writable_bytes(std::span(bytes)));
  return bytes;
}

TEST_CASE("random access file: any bytes, and none that are not there") {
  const TestFile ten("0123456789");
  RandomAccessFile moved(ten.path);
  const RandomAccessFile file = std::move(moved);
  CHECK(file.size() == 10);
  CHECK(file.read(3, 4) == "3456");
  CHECK(file.read(10, 0).empty());
  CHECK_THROWS_AS(file.read(8, 3), DataError);
  CHECK_THROWS_AS(file.read(11, 0), DataError);
  CHECK_THROWS_AS(file.read(2, ~uint64_t{0}), DataError);
  CHECK_THROWS_AS(RandomAccessFile(ten.path + ".none"), IoError);
  CHECK_THROWS_AS(RandomAccessFile("/tmp"), IoError);
}

}  // namespace weft
