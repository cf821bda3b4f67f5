// VocabularyCounts: the values are spread over tables by their hashes, each with a lock, so that threads seldom meet.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/core/random.h>
#include <weft/io/count_table.h>
#include <weft/io/vocabulary_builder.h>
#include <weft/io/vocabulary_order.h>

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <thread>

namespace weft {
namespace {

constexpr int kPartBits = 6;
constexpr size_t kParts = size_t{1} << kPartBits;
constexpr size_t kChunk = 4096;  // values sorted by part at a time; they lie on the stack

bool no_value(std::string_view word) {
  return word.empty();
}
bool no_value(int64_t number) {
  return number == -1;
}

/// The counts of one type of values.
template <class Value>
class Parts {
 public:
  void add(std::span<const Value> values) {
    for (size_t first = 0; first < values.size(); first += kChunk)
      add_chunk(values.subspan(first, std::min(kChunk, values.size() - first)));
  }

  int64_t total = 0;    ///< guarded by totals_
  int64_t ignored = 0;  ///< guarded by totals_

  template <class F>
  void for_each_table(F&& f) const {
    for (const Part& part : parts_) f(part.table.entries());
  }

 private:
  struct Part {
    std::mutex mutex;
    CountTable<Value> table;
  };
  struct Hashed {
    Value value;
    uint64_t hash;
  };
  static size_t part_of(uint64_t hash) { return hash >> (64 - kPartBits); }

  /// Sorts the values by part; then every table is locked once.
  void add_chunk(std::span<const Value> values) {
    std::array<uint64_t, kChunk> hashes;
    std::array<size_t, kParts + 1> begins = {};
    size_t empty = 0;
    for (size_t i = 0; i < values.size(); ++i) {
      hashes[i] = quick_hash(values[i]);
      if (no_value(values[i])) {
        ++empty;
      } else {
        ++begins[part_of(hashes[i]) + 1];
      }
    }
    for (size_t part = 0; part < kParts; ++part) begins[part + 1] += begins[part];
    std::array<Hashed, kChunk> sorted;
    std::array<size_t, kParts + 1> ends = begins;
    for (size_t i = 0; i < values.size(); ++i)
      if (!no_value(values[i])) sorted[ends[part_of(hashes[i])]++] = {values[i], hashes[i]};
    for (size_t part = 0; part < kParts; ++part)
      add_to(parts_[part], std::span(sorted).subspan(begins[part], begins[part + 1] - begins[part]));
    const std::lock_guard lock(totals_);
    total += static_cast<int64_t>(values.size() - empty);
    ignored += static_cast<int64_t>(empty);
  }

  static void add_to(Part& part, std::span<const Hashed> values) {
    if (values.empty()) return;
    const std::lock_guard lock(part.mutex);
    for (const Hashed& value : values) part.table.prefetch_slot(value.hash);
    for (const Hashed& value : values) part.table.prefetch_entry(value.hash);
    for (const Hashed& value : values) part.table.prefetch_word(value.hash);
    for (const Hashed& value : values) part.table.add(value.value, value.hash);
  }

  std::array<Part, kParts> parts_;
  std::mutex totals_;
};

using Entries = std::vector<VocabularyCounts::Entry>;

VocabularyCounts::Entry entry_of(std::string_view word, int64_t count) {
  return {.word = word, .number = 0, .count = count};
}
VocabularyCounts::Entry entry_of(int64_t number, int64_t count) {
  return {.word = {}, .number = number, .count = count};
}

template <class Value>
Entries most_frequent_of(const Parts<Value>& parts, int64_t top_k, int64_t min_count) {
  Entries entries;
  parts.for_each_table([&](const auto& table) {
    for (const auto& [value, count] : table)
      if (count >= min_count) entries.push_back(entry_of(value, count));
  });
  sort_by_frequency(entries, top_k);
  return entries;
}

}  // namespace

struct VocabularyCounts::State {
  bool integers;
  Parts<std::string_view> words;
  Parts<int64_t> numbers;

  void must_be(bool wanted) const {
    if (integers == wanted) return;
    const auto name = [](bool number) { return number ? "int64" : "string"; };
    throw ValueError(
        fmt::format("[VocabularyCounts] got {} values, expected {} values. Make the counts of the type "
                    "that the values have.",
                    name(wanted), name(integers)));
  }
};

VocabularyCounts::VocabularyCounts(DataType type) : state_(std::make_unique<State>()) {
  if (type != DataType::string && type != DataType::int64) {
    throw ValueError(fmt::format("[VocabularyCounts] type: got {}, expected string or int64. Choose one of the two.",
                                 to_string(type)));
  }
  state_->integers = type == DataType::int64;
}
VocabularyCounts::VocabularyCounts(VocabularyCounts&&) noexcept = default;
VocabularyCounts& VocabularyCounts::operator=(VocabularyCounts&&) noexcept = default;
VocabularyCounts::~VocabularyCounts() = default;

void VocabularyCounts::add(std::span<const std::string_view> words) {
  state_->must_be(false);
  state_->words.add(words);
}

void VocabularyCounts::add(std::span<const int64_t> numbers) {
  state_->must_be(true);
  state_->numbers.add(numbers);
}

bool VocabularyCounts::integers() const {
  return state_->integers;
}

int64_t VocabularyCounts::size() const {
  int64_t size = 0;
  const auto count = [&](const auto& table) { size += std::ssize(table); };
  state_->words.for_each_table(count);
  state_->numbers.for_each_table(count);
  return size;
}

int64_t VocabularyCounts::total() const {
  return state_->words.total + state_->numbers.total;
}

int64_t VocabularyCounts::ignored() const {
  return state_->words.ignored + state_->numbers.ignored;
}

Entries VocabularyCounts::most_frequent(int64_t top_k, int64_t min_count) const {
  if (top_k < -1) {
    throw ValueError(fmt::format("[VocabularyCounts] top_k: got {}, expected at least -1. Give -1 for all.", top_k));
  }
  if (min_count < 0) {
    throw ValueError(
        fmt::format("[VocabularyCounts] min_count: got {}, expected at least 0. Give the least count.", min_count));
  }
  if (state_->integers) return most_frequent_of(state_->numbers, top_k, min_count);
  return most_frequent_of(state_->words, top_k, min_count);
}

#ifndef DOCTEST_CONFIG_DISABLE
namespace {

using Words = std::vector<std::string_view>;
using Counted = std::vector<std::pair<std::string, int64_t>>;

Counted counted(const VocabularyCounts& counts, int64_t top_k = -1, int64_t min_count = 1) {
  Counted out;
  for (const auto& entry : counts.most_frequent(top_k, min_count)) {
    out.emplace_back(counts.integers() ? std::to_string(entry.number) : std::string(entry.word), entry.count);
    if (!counts.integers()) CHECK(entry.number == 0);
  }
  return out;
}

/// Words of a skewed distribution.
std::vector<std::string> many_words() {
  const RandomStream random{.seed = 3, .stream = 4};
  std::vector<std::string> words;
  for (uint64_t i = 0; i < 50'000; ++i) {
    const float u = random.uniform(i);
    words.push_back(fmt::format("a common start {}", static_cast<int>(3000.0f * u * u * u)));
  }
  return words;
}

}  // namespace

TEST_CASE("vocabulary_counts: frequent values first, equal ones by their bytes") {
  VocabularyCounts counts;
  counts.add(Words{"b", "a", "", "c", "a", "\xff", "b", std::string_view("\0", 1), "ab", "a common start 2",
                   "a common start 1", "a common", ""});
  CHECK(counts.size() == 9);
  CHECK(counts.total() == 11);
  CHECK(counts.ignored() == 2);
  const Counted all = {{"a", 2},
                       {"b", 2},
                       {std::string(1, '\0'), 1},
                       {"a common", 1},
                       {"a common start 1", 1},
                       {"a common start 2", 1},
                       {"ab", 1},
                       {"c", 1},
                       {"\xff", 1}};
  CHECK(counted(counts) == all);
  CHECK(counted(counts, 3) == Counted(all.begin(), all.begin() + 3));
  CHECK(counted(counts, 100, 2) == Counted{{"a", 2}, {"b", 2}});
  CHECK(counted(counts, 0).empty());
  CHECK_THROWS_AS(counts.most_frequent(-2), ValueError);
  CHECK_THROWS_AS(counts.most_frequent(-1, -1), ValueError);
  CHECK_THROWS_AS(counts.add(std::vector<int64_t>{1}), ValueError);
}

TEST_CASE("vocabulary_counts: a zero byte at the end is a part of the word") {
  VocabularyCounts counts;
  counts.add(Words{std::string_view("a\0", 2), "a", std::string_view("a\0\0", 3), "a"});
  CHECK(counted(counts) == Counted{{"a", 2}, {std::string("a\0", 2), 1}, {std::string("a\0\0", 3), 1}});
}

TEST_CASE("vocabulary_counts: integers in their order") {
  VocabularyCounts counts(DataType::int64);
  counts.add(std::vector<int64_t>{5, -1, 7, INT64_MIN, 5, INT64_MAX, -3, -1});
  CHECK(counted(counts) ==
        Counted{{"5", 2}, {std::to_string(INT64_MIN), 1}, {"-3", 1}, {"7", 1}, {std::to_string(INT64_MAX), 1}});
  CHECK(counts.ignored() == 2);
  CHECK_THROWS_AS(counts.add(Words{"a"}), ValueError);
  CHECK_THROWS_AS(VocabularyCounts(DataType::float32), ValueError);
}

TEST_CASE("vocabulary_counts: as a map counts them, from any number of threads") {
  const std::vector<std::string> strings = many_words();
  const Words words(strings.begin(), strings.end());
  std::map<std::string, int64_t> map;
  for (const std::string& word : strings) ++map[word];
  Counted expected(map.begin(), map.end());
  std::stable_sort(expected.begin(), expected.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  REQUIRE(expected.size() > 2000);
  for (const size_t threads : {1u, 3u}) {
    VocabularyCounts counts;
    std::vector<std::thread> workers;
    for (size_t i = 0; i < threads; ++i) {
      workers.emplace_back([&, i] {
        const size_t begin = words.size() * i / threads, end = words.size() * (i + 1) / threads;
        counts.add(std::span(words).subspan(begin, end - begin));
      });
    }
    for (std::thread& worker : workers) worker.join();
    CHECK(counts.total() == 50'000);
    CHECK(counted(counts) == expected);
    CHECK(counted(counts, 100) == Counted(expected.begin(), expected.begin() + 100));
  }
}
#endif

}  // namespace weft
