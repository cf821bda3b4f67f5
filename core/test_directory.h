// TestDirectory, TestFile: places for the files of a test that go away with it. For tests only.
#pragma once
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>

namespace weft {

/// All bytes of a file; none if it is not there.
inline std::string file_bytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Puts these bytes in place of what a file held.
inline void put_file(const std::string& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

/// A new directory.
struct TestDirectory {
  std::string path = (std::filesystem::temp_directory_path() / "weft_test_XXXXXX").string();

  TestDirectory() {
    if (::mkdtemp(path.data()) == nullptr) throw std::runtime_error("can't make a directory for a test");
  }
  TestDirectory(const TestDirectory&) = delete;
  TestDirectory& operator=(const TestDirectory&) = delete;
  ~TestDirectory() {
    std::error_code ignored;  // a test may have made it read-only, or moved it away
    std::filesystem::permissions(path, std::filesystem::perms::owner_all, ignored);
    std::filesystem::remove_all(path, ignored);
  }

  std::string file(std::string_view name) const { return path + "/" + std::string(name); }
  /// Writes a file and returns its path.
  std::string put(std::string_view name, std::string_view bytes = "") const {
    put_file(file(name), bytes);
    return file(name);
  }
  std::string text(std::string_view name) const { return file_bytes(file(name)); }
  bool has(std::string_view name) const { return std::filesystem::exists(file(name)); }
  /// Files and directories in it.
  long entries() const { return std::distance(std::filesystem::directory_iterator(path), {}); }
};

/// A new file.
struct TestFile {
  std::string path = (std::filesystem::temp_directory_path() / "weft_test_XXXXXX").string();

  explicit TestFile(std::string_view bytes = "") {
    const int descriptor = ::mkstemp(path.data());
    if (descriptor < 0) throw std::runtime_error("can't make a file for a test");
    ::close(descriptor);
    put(bytes);
  }
  TestFile(const TestFile&) = delete;
  TestFile& operator=(const TestFile&) = delete;
  ~TestFile() {
    std::error_code ignored;
    std::filesystem::remove(path, ignored);
  }

  void put(std::string_view bytes) const { put_file(path, bytes); }
  std::string bytes() const { return file_bytes(path); }
};

}  // namespace weft
