// WordTable: the words of a vocabulary in a row, and their ids.
#pragma once
#include <weft/core/buffer.h>
#include <weft/io/vocabulary_short_words.h>
#include <weft/io/vocabulary_slots.h>

#include <cstdint>
#include <iterator>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace weft {

//   byte 0  1                 offset of word 1
//        v  v                 v
//        +---+-----------+---+-----+---+---------
//        | n | word 0    | n | ... | n | ...            n: bytes of the word that follows; 255: 255 or more
//        +---+-----------+---+-----+---+---------
//
// A text file of one word a line, read to byte 1, has this form already: the n take the newlines' places. Short words
// are found in a table of their own; for the others an entry of the slot table is the word's offset and its id. Every
// sixteenth offset is kept to find a word by its id.

/// Words by id and ids by word. Made in three steps: room, add() every word, index().
class WordTable {
 public:
  WordTable() = default;
  /// Takes words whose sizes and counts are known: `bytes` includes one a word for its n.
  WordTable(int64_t words, size_t bytes) : WordTable(words, Buffer::zeros(bytes + 1)) {}
  /// Takes text that was read to byte 1 of `text`. Words are added in the order of the text, which they overwrite. Of
  /// more words than `most_with_short` the short ones are kept like the others.
  WordTable(int64_t words, Buffer text, int64_t most_with_short = ShortWordTable::kMostWords);

  void add(std::string_view word);
  /// Builds the tables to find words by. The ids of the first word that is there twice, if there is one.
  std::optional<std::pair<int64_t, int64_t>> index();

  int64_t size() const { return size_; }
  std::string_view word(int64_t id) const;
  /// out[i] = id of words[i], or -1.
  void find(std::span<const std::string_view> words, std::span<int64_t> out) const;

 private:
  struct LongWord {
    uint64_t offset;
    uint64_t size;
  };
  std::string_view at(uint64_t offset) const;
  bool same(uint64_t payload, std::string_view word) const;
  uint64_t payload(uint64_t offset, int64_t id) const { return offset << id_bits_ | static_cast<uint64_t>(id); }
  uint64_t offset_of(uint64_t payload) const { return payload >> id_bits_; }
  int64_t id_of(uint64_t payload) const { return static_cast<int64_t>(payload & ((uint64_t{1} << id_bits_) - 1)); }
  /// Whether the word belongs to the table of short ones.
  bool is_short(std::string_view word) const { return std::ssize(word) <= short_most_; }
  void find_group(std::span<const std::string_view> words, int64_t* out) const;
  /// out[which[i]] = id of words[which[i]], none of which is short.
  void find_others(std::span<const std::string_view> words, std::span<const size_t> which, int64_t* out) const;

  Buffer bytes_;
  char* data_ = nullptr;
  uint64_t end_ = 0;  ///< bytes in use
  int64_t size_ = 0;
  int id_bits_ = 1;
  std::vector<uint64_t> samples_;
  std::vector<LongWord> long_words_;  ///< in the order of their offsets
  int64_t short_most_ = -1;           ///< bytes of a short word
  int64_t short_size_ = 0;            ///< words that are short
  ShortWordTable short_words_;
  SlotTable slots_;
};

}  // namespace weft
