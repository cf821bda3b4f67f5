// Files of words, one a line.
#pragma once
#include <string>
#include <vector>

/// Throws IoError; DataError for a blank line or a word that comes twice.
std::vector<std::string> read_words(const std::string& path);
/// The file appears when it is whole. Throws IoError.
void write_words(const std::string& path, const std::vector<std::string>& words);
