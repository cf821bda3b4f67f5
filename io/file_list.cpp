// File lists: glob(3) with an order that does not depend on the locale.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>
#include <weft/core/error.h>
#include <weft/io/file_list.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <new>

namespace weft {
namespace {

bool exists(const std::string& path) {
  struct stat status = {};
  return ::stat(path.c_str(), &status) == 0;
}

std::vector<std::string> matches_of(const std::string& pattern) {
  if (exists(pattern)) return {pattern};  // a name with '[' in it is still a name
  glob_t found = {};
  const std::unique_ptr<glob_t, void (*)(glob_t*)> cleaner(&found, ::globfree);
  const int failure = ::glob(pattern.c_str(), GLOB_NOSORT, nullptr, &found);
  if (failure == GLOB_NOSPACE) throw std::bad_alloc();
  if (failure != 0) return {};
  std::vector<std::string> paths(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  std::sort(paths.begin(), paths.end());
  return paths;
}

DataFile look_at(const std::string& path, const std::string& where) {
  struct stat status = {};
  if (::stat(path.c_str(), &status) != 0) {
    throw IoError(
        fmt::format("[{}] can't read {}: {}. Check the path and its permissions.", where, path, std::strerror(errno)));
  }
  if (S_ISDIR(status.st_mode)) {
    throw IoError(
        fmt::format("[{}] {} is a directory, expected a file. Name the files in it, as {}/*.", where, path, path));
  }
  return {path, static_cast<int64_t>(status.st_size)};
}

}  // namespace

std::vector<DataFile> list_files(std::span<const std::string> patterns, const std::string& where) {
  std::vector<DataFile> files;
  for (const std::string& pattern : patterns) {
    const std::vector<std::string> paths = matches_of(pattern);
    if (paths.empty()) {
      throw IoError(fmt::format("[{}] no file matches {}: got 0 files, expected at least 1. Check the path.", where,
                                pattern.empty() ? "an empty name" : pattern));
    }
    for (const std::string& path : paths) files.push_back(look_at(path, where));
  }
  return files;
}

namespace {

/// A directory of files, each with its own name in it, that goes away with the test.
struct TemporaryFiles {
  std::filesystem::path directory =
      std::filesystem::temp_directory_path() / fmt::format("weft_file_list_{}", ::getpid());
  explicit TemporaryFiles(const std::vector<std::string>& files) {
    std::filesystem::create_directories(directory / "folder");
    for (const std::string& file : files) std::ofstream(directory / file) << file;
  }
  ~TemporaryFiles() { std::filesystem::remove_all(directory); }
  std::vector<std::string> list(const std::vector<std::string>& patterns) const {
    std::vector<std::string> paths, names;
    for (const std::string& pattern : patterns) paths.push_back(directory / pattern);
    for (const DataFile& file : list_files(paths, "test")) {
      names.push_back(std::filesystem::path(file.path).filename().string());
      CHECK(file.bytes == std::ssize(names.back()));
    }
    return names;
  }
};

}  // namespace

TEST_CASE("file_list: globs match as glob(3) does, in ASCII order") {
  const TemporaryFiles files({"a-2", "a-10", "A-1", "b", ".hidden", "with[1]"});
  using Names = std::vector<std::string>;
  CHECK(files.list({"a-*"}) == Names{"a-10", "a-2"});
  CHECK(files.list({"?-*"}) == Names{"A-1", "a-10", "a-2"});
  CHECK(files.list({"[Ab]*"}) == Names{"A-1", "b"});
  CHECK(files.list({"[!a]-[0-9]"}) == Names{"A-1"});
  CHECK(files.list({".h*"}) == Names{".hidden"});
  CHECK_THROWS_AS(files.list({"*hidden"}), IoError);  // no wildcard matches a leading dot
}

TEST_CASE("file_list: patterns keep their order, names with brackets are names") {
  const TemporaryFiles files({"a", "b", "c", "with[1]"});
  CHECK(files.list({"c", "[ab]", "a"}) == std::vector<std::string>{"c", "a", "b", "a"});
  CHECK(files.list({"with[1]"}) == std::vector<std::string>{"with[1]"});
}

TEST_CASE("file_list: what matches no file is named, and so is a directory") {
  const TemporaryFiles files({"a"});
  const auto text_of = [&](const std::string& pattern) {
    try {
      files.list({"a", pattern});
    } catch (const IoError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  CHECK(text_of("missing").starts_with("[test] no file matches " + (files.directory / "missing").string()));
  CHECK(text_of("b*").starts_with("[test] no file matches " + (files.directory / "b*").string()));
  CHECK(text_of("folder").find("is a directory") != std::string::npos);
  CHECK_THROWS_AS(list_files(std::vector<std::string>{""}, "test"), IoError);
}

}  // namespace weft
