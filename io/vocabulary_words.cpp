// The word table: looked up in groups, so that the waits for memory overlap.
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/io/hash.h>
#include <weft/io/vocabulary_words.h>

#include <doctest/doctest.h>
#include <algorithm>
#include <bit>
#include <cstring>
#include <string>

namespace weft {
namespace {

constexpr int64_t kSampleEvery = 16;
constexpr size_t kGroup =
    64;  // enough misses under way at once for any memory system, and the group's state stays in L1
constexpr uint8_t kLong = 255;

uint8_t size_byte(size_t size) {
  return static_cast<uint8_t>(std::min<size_t>(size, kLong));
}

}  // namespace

WordTable::WordTable(int64_t words, Buffer text, int64_t most_with_short)
    : bytes_(std::move(text)),
      data_(bytes_.as<char>()),
      id_bits_(std::max(1, static_cast<int>(std::bit_width(static_cast<uint64_t>(words))))),
      short_most_(words <= most_with_short ? static_cast<int64_t>(ShortWordTable::kMost) : -1) {
  samples_.reserve(static_cast<size_t>(words / kSampleEvery + 1));
}

void WordTable::add(std::string_view word) {
  const uint64_t offset = end_ + 1;
  if (size_ % kSampleEvery == 0) samples_.push_back(offset);
  data_[end_] = static_cast<char>(size_byte(word.size()));
  // A text with bare newlines has every word in its place already.
  if (!word.empty() && data_ + offset != word.data()) std::memmove(data_ + offset, word.data(), word.size());
  if (word.size() >= kLong) long_words_.push_back({offset, word.size()});
  if (is_short(word)) ++short_size_;
  end_ = offset + word.size();
  ++size_;
}

std::string_view WordTable::at(uint64_t offset) const {
  const auto size = static_cast<uint8_t>(data_[offset - 1]);
  if (size < kLong) return {data_ + offset, size};
  const auto found = std::ranges::lower_bound(long_words_, offset, {}, &LongWord::offset);
  return {data_ + offset, found->size};
}

std::string_view WordTable::word(int64_t id) const {
  std::string_view word = at(samples_[static_cast<size_t>(id / kSampleEvery)]);
  for (int64_t i = id % kSampleEvery; i > 0; --i)
    word = at(static_cast<uint64_t>(word.data() + word.size() - data_) + 1);
  return word;
}

[[gnu::always_inline]] inline bool WordTable::same(uint64_t payload, std::string_view word) const {
  const char* stored = data_ + offset_of(payload);
  if (static_cast<uint8_t>(stored[-1]) != size_byte(word.size())) return false;
  if (word.size() >= kLong && at(offset_of(payload)).size() != word.size()) return false;
  return same_bytes(stored, word.data(), word.size());
}

std::optional<std::pair<int64_t, int64_t>> WordTable::index() {
  const int payload_bits = id_bits_ + static_cast<int>(std::bit_width(end_));
  if (payload_bits > 63) {
    throw DataError(fmt::format("[Vocabulary] too large: got {} words of {} bytes, expected fewer.", size_, end_));
  }
  short_words_ = ShortWordTable(short_size_);
  slots_ = SlotTable(size_ - short_size_, payload_bits);
  struct Pending {
    std::string_view word;
    ShortWordTable::Key key;
  } group[kGroup];
  uint64_t offset = 1;
  for (int64_t first = 0; first < size_; first += kGroup) {
    const int64_t count = std::min<int64_t>(kGroup, size_ - first);
    for (int64_t i = 0; i < count; ++i) {
      Pending& pending = group[i];
      pending.word = at(offset);
      if (is_short(pending.word)) {
        pending.key = ShortWordTable::Key::of(pending.word);
        short_words_.prefetch(pending.key);
      } else {
        pending.key.hash = quick_hash(pending.word);
        slots_.prefetch(pending.key.hash);
      }
      offset += pending.word.size() + 1;
    }
    for (int64_t i = 0; i < count; ++i) {
      const std::string_view word = group[i].word;
      int64_t taken = -1;
      if (is_short(word)) {
        taken = short_words_.insert(group[i].key, first + i);
      } else {
        const auto place = static_cast<uint64_t>(word.data() - data_);
        const uint64_t other =
            slots_.insert(group[i].key.hash, payload(place, first + i), [&](uint64_t p) { return same(p, word); });
        if (other != 0) taken = id_of(other);
      }
      if (taken >= 0) return std::pair(taken, first + i);
    }
  }
  return std::nullopt;
}

void WordTable::find(std::span<const std::string_view> words, std::span<int64_t> out) const {
  for (size_t first = 0; first < words.size(); first += kGroup) {
    find_group(words.subspan(first, std::min(kGroup, words.size() - first)), out.data() + first);
  }
}

void WordTable::find_group(std::span<const std::string_view> words, int64_t* out) const {
  // Two passes: what the second needs, the first has asked memory for.
  ShortWordTable::Key keys[kGroup];
  size_t others[kGroup];
  size_t count = 0;
  for (size_t i = 0; i < words.size(); ++i) {
    if (is_short(words[i])) {
      keys[i] = ShortWordTable::Key::of(words[i]);
    } else {
      keys[i] = ShortWordTable::Key::none();
      others[count++] = i;
    }
    short_words_.prefetch(keys[i]);
  }
  for (size_t i = 0; i < words.size(); ++i) out[i] = short_words_.find(keys[i]);
  if (count > 0) find_others(words, {others, count}, out);
}

void WordTable::find_others(std::span<const std::string_view> words, std::span<const size_t> which,
                            int64_t* out) const {
  // Three passes: the word is a second place in memory.
  uint64_t hashes[kGroup];
  uint64_t likely[kGroup];
  for (size_t i = 0; i < which.size(); ++i) {
    hashes[i] = quick_hash(words[which[i]]);
    slots_.prefetch(hashes[i]);
  }
  for (size_t i = 0; i < which.size(); ++i) {
    likely[i] = slots_.likely(hashes[i]);
    const char* stored = data_ + offset_of(likely[i]);
    __builtin_prefetch(stored - 1);
    __builtin_prefetch(stored + words[which[i]].size() - 1);
  }
  for (size_t i = 0; i < which.size(); ++i) {
    const std::string_view word = words[which[i]];
    uint64_t found = likely[i];
    if (found != 0 && !same(found, word)) {
      found = slots_.find(hashes[i], [&](uint64_t payload) { return same(payload, word); });
    }
    out[which[i]] = found == 0 ? -1 : id_of(found);
  }
}

#ifndef DOCTEST_CONFIG_DISABLE
namespace {

WordTable table_of(const std::vector<std::string>& words, int64_t most_with_short = ShortWordTable::kMostWords) {
  size_t bytes = 1;
  for (const auto& word : words) bytes += word.size() + 1;
  WordTable table(std::ssize(words), Buffer::zeros(bytes), most_with_short);
  for (const auto& word : words) table.add(word);
  return table;
}

int64_t find(const WordTable& table, std::string_view word) {
  int64_t id = -2;
  table.find({&word, 1}, {&id, 1});
  return id;
}

}  // namespace

TEST_CASE("word table: every word is found under its id, and no other") {
  std::vector<std::string> words;
  for (int i = 0; i < 3000; ++i)
    words.push_back(fmt::format("{}v{}", std::string(static_cast<size_t>(i % 40), 'x'), i));
  for (const int64_t most_with_short : {ShortWordTable::kMostWords, int64_t{2999}}) {
    WordTable table = table_of(words, most_with_short);
    REQUIRE_FALSE(table.index().has_value());
    std::vector<std::string_view> asked(words.begin(), words.end());
    std::vector<int64_t> ids(words.size());
    table.find(asked, ids);
    for (size_t i = 0; i < words.size(); ++i) {
      CHECK(ids[i] == static_cast<int64_t>(i));
      CHECK(table.word(static_cast<int64_t>(i)) == words[i]);
      CHECK(find(table, words[i] + "y") == -1);
    }
  }
}

TEST_CASE("word table: short words that differ in one byte or in length alone are told apart") {
  std::vector<std::string> words;
  for (size_t length = 0; length <= 14; ++length) {
    words.emplace_back(length, '\0');
    for (size_t i = 0; i < length; ++i) {
      words.emplace_back(length, '\0').at(i) = '\1';
      words.emplace_back(length, '\0').at(i) = '\xff';
    }
  }
  std::vector<std::string> half;
  for (size_t i = 0; i < words.size(); i += 2) half.push_back(words[i]);
  WordTable table = table_of(half);
  REQUIRE_FALSE(table.index().has_value());
  for (size_t i = 0; i < words.size(); ++i) {
    CHECK(find(table, words[i]) == (i % 2 == 0 ? static_cast<int64_t>(i / 2) : -1));
  }
}

TEST_CASE("word table: words of any bytes and any length, the empty one too") {
  std::vector<std::string> words = {"", std::string(1, '\0'), std::string(2, '\0'), "a\nb", "a", "\xff\xfe"};
  for (const size_t length : {11, 12, 13, 253, 254, 255, 256, 1000, 100000}) words.emplace_back(length, 'l');
  words.emplace_back(std::string(1000, 'l') + "m");
  WordTable table = table_of(words);
  REQUIRE_FALSE(table.index().has_value());
  for (size_t i = 0; i < words.size(); ++i) {
    CHECK(find(table, words[i]) == static_cast<int64_t>(i));
    CHECK(table.word(static_cast<int64_t>(i)) == words[i]);
  }
  CHECK(find(table, std::string(257, 'l')) == -1);
  CHECK(find(table, std::string(1000, 'l') + "n") == -1);
  CHECK(find(table, "b") == -1);
}

TEST_CASE("word table: a repeated word is told with both ids") {
  std::vector<std::string> words;
  for (int i = 0; i < 200; ++i) words.push_back(std::to_string(i));
  words[150] = words[7];
  for (const char* end : {"", " and more of a word"}) {
    words[7] = words[150] = words[7] + end;
    const auto twice = table_of(words).index();
    REQUIRE(twice.has_value());
    CHECK(twice->first == 7);
    CHECK(twice->second == 150);
  }
}

TEST_CASE("word table: text is taken in place, with bytes between the words dropped") {
  constexpr std::string_view text = "ant\r\nbee\ncat\r\n";
  Buffer buffer = Buffer::zeros(text.size() + 1);
  char* data = buffer.as<char>() + 1;
  std::memcpy(data, text.data(), text.size());
  WordTable table(3, std::move(buffer));
  table.add({data, 3});
  table.add({data + 5, 3});
  table.add({data + 9, 3});
  REQUIRE_FALSE(table.index().has_value());
  CHECK(table.word(0) == "ant");
  CHECK(table.word(1) == "bee");
  CHECK(find(table, "cat") == 2);
}

#endif
}  // namespace weft
