// File lists: names and globs become the files of a data set.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace weft {

struct DataFile {
  std::string path;
  int64_t bytes = 0;
};

/// The files that the patterns name, pattern by pattern. A pattern is a file's name or a glob as glob(3) has it ('*'
/// and '?' match neither a '/' nor a leading '.'); a glob's matches come in ASCII order. Throws IoError if a pattern
/// matches no file, or if a match is a directory or can't be looked at; `where` starts the text.
std::vector<DataFile> list_files(std::span<const std::string> patterns, const std::string& where);

}  // namespace weft
