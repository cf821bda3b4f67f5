// AtomicFile: written aside, flushed, renamed.
#include <weft/core/error.h>
#include <weft/core/test_directory.h>
#include <weft/io/atomic_file.h>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <utility>

namespace weft {
namespace {

[[noreturn]] void fail(const char* what, const std::string& path, int error) {
  throw IoError(
      fmt::format("[AtomicFile] {}: can't {}: {}. Check the directory, its permissions and the room on the disk.", path,
                  what, std::strerror(error)));
}

// A rename is on the disk once its directory is. Some file systems can't flush a directory and need not: EINVAL.
void flush_directory_of(const std::string& path) {
  auto directory = std::filesystem::path(path).parent_path();
  if (directory.empty()) directory = ".";
  const int descriptor = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) fail("open the directory of", path, errno);
  const int error = ::fsync(descriptor) == 0 ? 0 : errno;
  ::close(descriptor);
  if (error != 0 && error != EINVAL) fail("flush the directory of", path, error);
}

}  // namespace

AtomicFile::AtomicFile(std::string path) : path_(std::move(path)) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path_, ignored)) fail("write", path_, EISDIR);
  for (int n = 0; descriptor_ < 0; ++n) {
    temporary_path_ = fmt::format("{}.tmp-{}-{}", path_, ::getpid(), n);
    descriptor_ = ::open(temporary_path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor_ < 0 && errno != EEXIST) fail("create", path_, errno);
  }
}

AtomicFile::AtomicFile(AtomicFile&& other) noexcept
    : path_(std::move(other.path_)),
      temporary_path_(std::move(other.temporary_path_)),
      descriptor_(std::exchange(other.descriptor_, -1)) {}

AtomicFile& AtomicFile::operator=(AtomicFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(temporary_path_, other.temporary_path_);
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

AtomicFile::~AtomicFile() {
  discard();
}

void AtomicFile::discard() noexcept {
  if (descriptor_ < 0) return;
  ::close(std::exchange(descriptor_, -1));
  ::unlink(temporary_path_.c_str());
}

void AtomicFile::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail("write", path_, errno);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
}

void AtomicFile::commit() {
  if (::fsync(descriptor_) != 0) fail("flush", path_, errno);
  // The name moves while the file is still ours: whatever fails before this leaves the old file as it was.
  if (::rename(temporary_path_.c_str(), path_.c_str()) != 0) fail("rename to", path_, errno);
  if (::close(std::exchange(descriptor_, -1)) != 0) fail("close", path_, errno);
  flush_directory_of(path_);
}

void write_file(const std::string& path, std::string_view contents) {
  AtomicFile file(path);
  file.write(contents);
  file.commit();
}

TEST_CASE("atomic_file: appears at commit, and nothing else stays") {
  const TestDirectory directory;
  const std::string path = directory.path + "/a.txt";
  AtomicFile file(path);
  file.write("hello ");
  file.write(std::string_view("w\0rld", 5));
  CHECK_FALSE(std::filesystem::exists(path));
  CHECK(file_bytes(file.temporary_path()).size() == 11);
  file.commit();
  CHECK(file_bytes(path) == std::string("hello w\0rld", 11));
  CHECK(directory.entries() == 1);
}

TEST_CASE("atomic_file: without commit the old file stays and the new one goes") {
  const TestDirectory directory;
  const std::string path = directory.path + "/a.txt";
  write_file(path, "old");
  {
    AtomicFile file(path);
    file.write("new");
    AtomicFile moved(std::move(file));
    CHECK(directory.entries() == 2);
  }
  CHECK(file_bytes(path) == "old");
  CHECK(directory.entries() == 1);
  write_file(path, "newer");
  CHECK(file_bytes(path) == "newer");
}

TEST_CASE("atomic_file: two writers of one path don't meet") {
  const TestDirectory directory;
  const std::string path = directory.path + "/a.txt";
  AtomicFile first(path), second(path);
  first.write("first");
  second.write("second");
  first.commit();
  second.commit();
  CHECK(file_bytes(path) == "second");
}

TEST_CASE("atomic_file: errors name the path and the reason") {
  const TestDirectory directory;
  const auto message = [](const std::string& path) -> std::string {
    try {
      AtomicFile file(path);
    } catch (const IoError& error) {
      return error.what();
    }
    return "";
  };
  const std::string missing = message(directory.path + "/none/a.txt");
  CHECK(missing.find(directory.path + "/none/a.txt") != std::string::npos);
  CHECK(missing.find("No such file or directory") != std::string::npos);
  CHECK(message(directory.path).find("Is a directory") != std::string::npos);
}

TEST_CASE("atomic_file: a full disk is an IoError") {
  if (::access("/dev/full", W_OK) != 0) return;
  const TestDirectory directory;
  AtomicFile file(directory.path + "/a.txt");
  // The system's own always-full file, put in place of ours.
  const int full = ::open("/dev/full", O_WRONLY);
  struct stat ours, open_file;
  REQUIRE(::stat(file.temporary_path().c_str(), &ours) == 0);
  for (int descriptor = 3; descriptor < 64; ++descriptor)
    if (::fstat(descriptor, &open_file) == 0 && open_file.st_ino == ours.st_ino && open_file.st_dev == ours.st_dev)
      ::dup2(full, descriptor);
  ::close(full);
  CHECK_THROWS_WITH_AS(file.write("x"), doctest::Contains("No space left on device"), IoError);
}

}  // namespace weft
