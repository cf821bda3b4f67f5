// Tables of a vocabulary from files and lists, with TensorFlow's refusals.
#pragma once
#include <weft/io/vocabulary_numbers.h>
#include <weft/io/vocabulary_words.h>

#include <cstdint>
#include <span>
#include <string>

namespace weft {

/// Of the first `size` lines or records of a file (-1: all). Throw as Vocabulary::from_file.
WordTable load_words(const std::string& path, int64_t size);
NumberTable load_numbers(const std::string& path, int64_t size);
/// Of a list. Throw ValueError for an empty list or a repeated word.
WordTable make_words(std::span<const std::string> words);
NumberTable make_numbers(std::span<const int64_t> numbers);

}  // namespace weft
