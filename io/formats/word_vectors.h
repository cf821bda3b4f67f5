// Word vectors of word2vec, GloVe and fastText: read as tensors or into a table, and written.
#pragma once
#include <weft/core/rows_view.h>
#include <weft/io/formats/named_tensors.h>
#include <weft/io/formats/word_vector_reader.h>
#include <weft/io/vocabulary.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weft {

/// "vectors" float32 [words, dimension] and "words" string [words] of a file (see WordVectorReader). It is walked once;
/// kept are the words and where each row lies, 8 bytes a row, and numbers are read from the file when they are asked
/// for. `progress` is told how much of the file was walked over. Throws what WordVectorReader does; ValueError for a
/// ".gz", whose rows can't be found again.
NamedTensors open_word_vectors(const std::string& path, WordVectorFormat format = WordVectorFormat::detect,
                               const OpenProgress& progress = {});

/// A table of any file with its words, as the writers below take it: "vectors" and "words". Throws DataError for a
/// missing tensor, one that is no matrix of numbers, or another number of words than rows.
NamedTensors with_words(const NamedTensors& tensors, std::string_view table, std::vector<std::string> words);

/// "vectors" [words, dimension] and "words" in the formats of the word2vec program, as gensim reads them: numbers as
/// the shortest text that gives them back, or float32. Throws DataError for tensors that are missing or don't fit
/// together, or a word that is empty or holds blanks or newlines; IoError. Rows are read and written a piece at a time.
void write_word2vec_text(const std::string& path, const NamedTensors& tensors);
void write_word2vec_binary(const std::string& path, const NamedTensors& tensors);

/// What became of the words of a file and of a vocabulary.
struct WordVectorCounts {
  int64_t loaded = 0;    ///< rows of the table that got a vector
  int64_t missing = 0;   ///< words of the vocabulary that the file does not have: their rows stay as they are
  int64_t surplus = 0;   ///< rows of the file whose words the vocabulary does not have
  int64_t repeated = 0;  ///< rows of the file whose word came before: the first one counts
};

/// Row i of `table` becomes the vector of the vocabulary's word i. One pass, no copy; ".gz" too. Throws ValueError for
/// a vocabulary of integers, or a table of fewer rows than it has; DataError for another dimension than the table's
/// width.
WordVectorCounts load_word_vectors(const std::string& path, const Vocabulary& vocabulary, const RowsView& table,
                                   WordVectorFormat format = WordVectorFormat::detect);

}  // namespace weft
