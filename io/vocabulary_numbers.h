// NumberTable: the words of an integer vocabulary and their ids.
#pragma once
#include <weft/io/vocabulary_slots.h>

#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace weft {

/// Ids by number; the payload of a slot is the id + 1.
class NumberTable {
 public:
  NumberTable() = default;
  explicit NumberTable(std::vector<int64_t> numbers) : numbers_(std::move(numbers)) {}

  /// Builds the slot table. The ids of the first number that is there twice, if there is one.
  std::optional<std::pair<int64_t, int64_t>> index();

  int64_t size() const { return static_cast<int64_t>(numbers_.size()); }
  int64_t number(int64_t id) const { return numbers_[static_cast<size_t>(id)]; }
  /// out[i] = id of words[i], or -1.
  void find(std::span<const int64_t> words, std::span<int64_t> out) const;

 private:
  void find_group(std::span<const int64_t> words, int64_t* out) const;

  std::vector<int64_t> numbers_;
  SlotTable slots_;
};

}  // namespace weft
