// examples_in_memory: a feed that walks a list of strings.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/core/random.h>
#include <weft/io/dataset_examples.h>
#include <weft/io/dataset_memory.h>
#include <weft/io/example.h>

#include <cstdlib>
#include <set>

namespace weft {
namespace {

struct Rows {
  std::vector<std::string> serialized;
  size_t next = 0;
};

std::string description_of(const std::vector<std::string>& serialized) {
  uint64_t hash = serialized.size();
  for (const std::string& example : serialized) hash = (hash ^ stream_of(example)) * 0x9e3779b97f4a7c15;
  return fmt::format("{} {}", serialized.size(), hash);
}

}  // namespace

Dataset examples_in_memory(ExamplesInMemoryOptions options) {
  RecordBatching batching{.label = std::move(options.label),
                          .batch_size = options.batch_size,
                          .shuffle_buffer = options.shuffle_buffer,
                          .seed = options.seed,
                          .repeat = options.repeat,
                          .drop_remainder = options.drop_remainder,
                          .where = "examples_in_memory",
                          .feed_description = description_of(options.serialized)};
  const auto rows = std::make_shared<Rows>(Rows{std::move(options.serialized)});  // shared by two functions
  RecordFeed feed{.restart = [rows] { rows->next = 0; },
                  .next =
                      [rows](FiledRecord& record) {
                        if (rows->next == rows->serialized.size()) return false;
                        record.record.number = static_cast<int64_t>(rows->next);
                        record.record.data = rows->serialized[rows->next++];
                        return true;
                      },
                  .files = {}};
  return batches_of_examples(std::move(feed), options.spec, batching);
}

namespace {

ExamplesInMemoryOptions numbered(int64_t count, ExamplesInMemoryOptions options = {}) {
  ExampleWriter example;
  for (int64_t x = 0; x < count; ++x) options.serialized.emplace_back(example.clear().add("x", x).serialized());
  options.spec = {{"x", FixedLenFeature{.shape = {}, .type = DataType::int64}}};
  return options;
}

using Batches = std::vector<std::vector<int64_t>>;

Batches batches_of(Dataset dataset, size_t most = 1000) {
  Batches batches;
  while (batches.size() < most) {
    const Batch* batch = dataset.next();
    if (batch == nullptr) break;
    batches.push_back(batch->features.at("x").integers);
    CHECK(batch->size == std::ssize(batches.back()));
  }
  return batches;
}

std::vector<int64_t> joined(const Batches& batches, size_t first, size_t last) {
  std::vector<int64_t> all;
  for (size_t i = first; i < last; ++i) all.insert(all.end(), batches[i].begin(), batches[i].end());
  return all;
}

}  // namespace

TEST_CASE("examples_in_memory: rows in order, a short last batch every epoch") {
  const Batches once = {{0, 1, 2}, {3, 4, 5}, {6}};
  CHECK(batches_of(examples_in_memory(numbered(7, {.batch_size = 3}))) == once);
  const Batches ever = batches_of(examples_in_memory(numbered(7, {.batch_size = 3, .repeat = {}})), 8);
  CHECK(ever == Batches{{0, 1, 2}, {3, 4, 5}, {6}, {0, 1, 2}, {3, 4, 5}, {6}, {0, 1, 2}, {3, 4, 5}});
  CHECK(batches_of(examples_in_memory(numbered(6, {.batch_size = 3, .repeat = 2}))) ==
        Batches{{0, 1, 2}, {3, 4, 5}, {0, 1, 2}, {3, 4, 5}});
  CHECK(batches_of(examples_in_memory(numbered(7, {.batch_size = 3, .repeat = 0}))).empty());
}

TEST_CASE("examples_in_memory: drop_remainder leaves out short batches, and ends where there are no others") {
  CHECK(batches_of(examples_in_memory(numbered(7, {.batch_size = 3, .repeat = 2, .drop_remainder = true}))) ==
        Batches{{0, 1, 2}, {3, 4, 5}, {0, 1, 2}, {3, 4, 5}});
  CHECK(batches_of(examples_in_memory(numbered(7, {.batch_size = 8, .repeat = {}, .drop_remainder = true}))).empty());
  CHECK(batches_of(examples_in_memory(numbered(0, {.repeat = {}}))).empty());
}

TEST_CASE("examples_in_memory: shuffling permutes each epoch anew, by seed and epoch alone") {
  const auto shuffled = [](uint64_t seed, int threads) {
    return batches_of(
        examples_in_memory(numbered(100, {.batch_size = 10, .shuffle_buffer = 30, .seed = seed, .repeat = 2}))
            .prefetch(threads));
  };
  const Batches batches = shuffled(1, 0);
  const std::vector<int64_t> first = joined(batches, 0, 10), second = joined(batches, 10, 20);
  CHECK(std::set(first.begin(), first.end()).size() == 100);
  CHECK(std::set(second.begin(), second.end()).size() == 100);
  CHECK(first != second);
  // Example n enters the buffer when n - 29 examples have left: none comes out earlier.
  for (int64_t i = 0; i < 100; ++i) CHECK(first[static_cast<size_t>(i)] < i + 30);
  CHECK(shuffled(1, 3) == batches);
  CHECK(shuffled(2, 0) != batches);
}

TEST_CASE("examples_in_memory: a whole epoch in the buffer comes in every order alike") {
  std::vector<int> firsts(4, 0);
  for (const auto& batch :
       batches_of(examples_in_memory(numbered(4, {.batch_size = 4, .shuffle_buffer = 9, .repeat = 1000})))) {
    ++firsts[static_cast<size_t>(batch[0])];
  }
  for (const int count : firsts) CHECK(std::abs(count - 250) < 70);  // five standard deviations
}

TEST_CASE("examples_in_memory: it goes on from every position, with and without the remainder") {
  for (const bool drop_remainder : {false, true}) {
    for (const int64_t count : {20, 23}) {
      const auto options =
          numbered(count, {.batch_size = 5, .shuffle_buffer = 7, .repeat = 3, .drop_remainder = drop_remainder});
      const Batches whole = batches_of(examples_in_memory(options));
      for (size_t taken = 0; taken <= whole.size(); ++taken) {
        Dataset first = examples_in_memory(options).prefetch(static_cast<int>(taken % 3));
        for (size_t i = 0; i < taken; ++i) REQUIRE(first.next() != nullptr);
        Dataset second = examples_in_memory(options);
        REQUIRE(second.seek(first.position()));
        CHECK(batches_of(std::move(second)) ==
              Batches(whole.begin() + static_cast<std::ptrdiff_t>(taken), whole.end()));
      }
    }
  }
}

TEST_CASE("examples_in_memory: a position that can't be is refused") {
  Dataset dataset = examples_in_memory(numbered(20, {.batch_size = 5}));
  const DatasetPosition start = dataset.position();
  CHECK_FALSE(dataset.seek({.fingerprint = start.fingerprint + 1}));
  CHECK_FALSE(examples_in_memory(numbered(21, {.batch_size = 5})).seek(start));
  CHECK_THROWS_AS(dataset.seek({.fingerprint = start.fingerprint, .examples = 21}), DataError);
  CHECK_THROWS_AS(dataset.seek({.fingerprint = start.fingerprint, .epoch = -1}), ValueError);
}

TEST_CASE("examples_in_memory: a bad example is named by its number") {
  auto options = numbered(7, {.batch_size = 3});
  options.serialized[4] = "\xff\xff";
  Dataset dataset = examples_in_memory(std::move(options));
  REQUIRE(dataset.next() != nullptr);
  CHECK_THROWS_WITH_AS(dataset.next(), doctest::Contains("record 4"), DataError);
}

}  // namespace weft
