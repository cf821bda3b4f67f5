// The number table: as the word table, with numbers in place of bytes.
#include <weft/io/hash.h>
#include <weft/io/vocabulary_numbers.h>

#include <doctest/doctest.h>
#include <algorithm>
#include <bit>
#include <limits>

namespace weft {
namespace {

constexpr size_t kGroup = 64;

}  // namespace

std::optional<std::pair<int64_t, int64_t>> NumberTable::index() {
  slots_ = SlotTable(size(), static_cast<int>(std::bit_width(numbers_.size())));
  for (size_t first = 0; first < numbers_.size(); first += kGroup) {
    const size_t last = std::min(first + kGroup, numbers_.size());
    for (size_t i = first; i < last; ++i) slots_.prefetch(quick_hash(numbers_[i]));
    for (size_t i = first; i < last; ++i) {
      const auto same = [&](uint64_t payload) { return numbers_[payload - 1] == numbers_[i]; };
      const uint64_t taken = slots_.insert(quick_hash(numbers_[i]), i + 1, same);
      if (taken != 0) return std::pair(static_cast<int64_t>(taken - 1), static_cast<int64_t>(i));
    }
  }
  return std::nullopt;
}

void NumberTable::find(std::span<const int64_t> words, std::span<int64_t> out) const {
  for (size_t first = 0; first < words.size(); first += kGroup) {
    find_group(words.subspan(first, std::min(kGroup, words.size() - first)), out.data() + first);
  }
}

void NumberTable::find_group(std::span<const int64_t> words, int64_t* out) const {
  uint64_t hashes[kGroup];
  uint64_t likely[kGroup];
  for (size_t i = 0; i < words.size(); ++i) {
    hashes[i] = quick_hash(words[i]);
    slots_.prefetch(hashes[i]);
  }
  for (size_t i = 0; i < words.size(); ++i) {
    likely[i] = slots_.likely(hashes[i]);
    if (likely[i] != 0) __builtin_prefetch(&numbers_[likely[i] - 1]);
  }
  for (size_t i = 0; i < words.size(); ++i) {
    const auto same = [&](uint64_t payload) { return numbers_[payload - 1] == words[i]; };
    uint64_t found = likely[i];
    if (found != 0 && !same(found)) found = slots_.find(hashes[i], same);
    out[i] = static_cast<int64_t>(found) - 1;
  }
}

TEST_CASE("number table: every number is found under its id, and no other") {
  constexpr int64_t kMin = std::numeric_limits<int64_t>::min(), kMax = std::numeric_limits<int64_t>::max();
  std::vector<int64_t> numbers = {0, -1, kMin, kMax};
  for (int64_t i = 1; i <= 2000; ++i) numbers.push_back(i * 1000);
  NumberTable table(numbers);
  REQUIRE_FALSE(table.index().has_value());
  std::vector<int64_t> ids(numbers.size());
  table.find(numbers, ids);
  for (size_t i = 0; i < numbers.size(); ++i) {
    CHECK(ids[i] == static_cast<int64_t>(i));
    CHECK(table.number(static_cast<int64_t>(i)) == numbers[i]);
  }
  for (const int64_t other : {int64_t{1}, int64_t{-1000}, kMax - 1}) {
    int64_t id = 0;
    table.find({&other, 1}, {&id, 1});
    CHECK(id == -1);
  }
}

TEST_CASE("number table: a repeated number is told with both ids") {
  NumberTable table({5, 6, 7, 6});
  const auto twice = table.index();
  REQUIRE(twice.has_value());
  CHECK(twice->first == 1);
  CHECK(twice->second == 3);
}

}  // namespace weft
