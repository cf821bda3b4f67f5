// Files of words, one a line.
#include "word_list.h"

#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/io/atomic_file.h>
#include <weft/io/vocabulary.h>

using namespace weft;

std::vector<std::string> read_words(const std::string& path) {
  const Vocabulary vocabulary = Vocabulary::from_file(path);
  std::vector<std::string> words;
  for (int64_t id = 0; id < vocabulary.size(); ++id) words.emplace_back(vocabulary.word(id));
  return words;
}

void write_words(const std::string& path, const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += word + "\n";
  write_file(path, text);
}
