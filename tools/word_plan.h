// Word vectors to be written: the one table of a file, and its words.
#pragma once
#include <weft/io/formats/named_tensors.h>

#include <string>

struct WordTable {
  weft::NamedTensors tensors;  ///< "vectors" and "words"
  std::string table;           ///< what the vectors were called
};

/// The table of this name, or the only matrix that there is, with the words of a file; without one, those that the
/// tensors have themselves. Throws ValueError for what does not say enough, DataError for too few words.
WordTable with_vocabulary(const weft::NamedTensors& tensors, const std::string& table, const std::string& vocabulary,
                          const std::string& where);
