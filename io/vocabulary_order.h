// The order of a vocabulary: frequent values first.
#pragma once
#include <weft/io/vocabulary_builder.h>

#include <cstdint>
#include <vector>

namespace weft {

/// Sorts by count, then by the words' bytes or the numbers; keeps the first top_k (-1: all). Entries of words have the
/// number 0, entries of numbers the empty word, and no two are equal. With all threads, the same for any number.
void sort_by_frequency(std::vector<VocabularyCounts::Entry>& entries, int64_t top_k);

}  // namespace weft
