// sort_by_frequency: words are compared by eight bytes first.
#include <weft/core/parallel.h>
#include <weft/io/vocabulary_order.h>

#include <algorithm>
#include <bit>
#include <string_view>

namespace weft {
namespace {

using Entries = std::vector<VocabularyCounts::Entry>;

/// The first eight bytes as a number of the same order.
int64_t prefix_of(std::string_view word) {
  uint64_t bytes = 0;
  for (size_t i = 0; i < 8; ++i) bytes = bytes << 8 | (i < word.size() ? static_cast<unsigned char>(word[i]) : 0);
  return std::bit_cast<int64_t>(bytes ^ uint64_t{1} << 63);
}

/// Words get eight bytes as their numbers, after what all of them start with: that settles most comparisons without a
/// look at the words.
void number_words(Entries& entries) {
  if (entries.empty()) return;
  std::string_view start = entries.front().word;
  for (const auto& entry : entries) {
    const size_t most = std::min(start.size(), entry.word.size());
    size_t same = 0;
    while (same < most && start[same] == entry.word[same]) ++same;
    start = start.substr(0, same);
  }
  parallel_for(std::ssize(entries), 1 << 16, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      auto& entry = entries[static_cast<size_t>(i)];
      entry.number = prefix_of(entry.word.substr(start.size()));
    }
  });
}

/// The order of a vocabulary, once words have numbers.
bool comes_before(const VocabularyCounts::Entry& a, const VocabularyCounts::Entry& b) {
  if (a.count != b.count) return a.count > b.count;
  return a.number != b.number ? a.number < b.number : a.word < b.word;
}

/// Sorts pieces at once, then merges neighbours.
void sort(Entries& entries) {
  constexpr int64_t kPieces = 16;
  const auto begin = [&](int64_t piece) { return entries.begin() + std::ssize(entries) * piece / kPieces; };
  parallel_blocks(kPieces, [&](int64_t piece) { std::sort(begin(piece), begin(piece + 1), comes_before); });
  for (int64_t width = 1; width < kPieces; width *= 2) {
    parallel_blocks(kPieces / (2 * width), [&](int64_t pair) {
      const int64_t first = 2 * width * pair;
      std::inplace_merge(begin(first), begin(first + width), begin(first + 2 * width), comes_before);
    });
  }
}

}  // namespace

void sort_by_frequency(Entries& entries, int64_t top_k) {
  const bool words = std::ranges::any_of(entries, [](const auto& entry) { return !entry.word.empty(); });
  if (words) number_words(entries);
  if (top_k >= 0 && top_k < std::ssize(entries)) {
    std::nth_element(entries.begin(), entries.begin() + top_k, entries.end(), comes_before);
    entries.resize(static_cast<size_t>(top_k));
  }
  sort(entries);
  if (words)
    for (auto& entry : entries) entry.number = 0;
}

}  // namespace weft
