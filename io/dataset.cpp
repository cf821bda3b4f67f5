// Dataset: the value around a source, its maps and the ring that makes the batches.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/io/dataset.h>
#include <weft/io/dataset_ring.h>

#include <atomic>
#include <chrono>
#include <set>
#include <thread>

namespace weft {

struct Dataset::State {
  Source source;
  BatchRing::Maps maps;
  int threads = 0;
  int batches = 1;
  DatasetPosition position;
  std::unique_ptr<BatchRing> ring;  ///< from the first next() on

  void must_not_run(const char* where) const {
    if (ring == nullptr) return;
    throw ValueError(fmt::format(
        "[Dataset::{}] the stream is already running: got a call after next(), expected it before. Call {} first.",
        where, where));
  }
};

namespace {

int64_t size_of(const Batch& batch) {
  if (!batch.labels.shape.empty()) return batch.labels.batch();
  return batch.features.size() > 0 ? batch.features.begin()->second->batch() : 0;
}

Dataset::Source generated(std::function<bool(Batch&)> next) {
  Dataset::Source source;
  source.draw = [next = std::move(next), examples = int64_t{0}](PendingBatch& pending) mutable {
    if (!next(pending.batch)) return false;
    if (pending.batch.size == 0) pending.batch.size = size_of(pending.batch);
    examples += pending.batch.size;
    pending.after = {.examples = examples};
    return true;
  };
  return source;
}

}  // namespace

Dataset::Dataset(Source source) : state_(std::make_unique<State>()) {
  if (!source.draw) throw ValueError("[Dataset] a source needs a function draw: got none. Set Source::draw.");
  state_->position = source.start;
  state_->source = std::move(source);
}

Dataset::Dataset(std::function<bool(Batch&)> next) : state_(std::make_unique<State>()) {
  if (!next) throw ValueError("[Dataset] a generator must be callable: got an empty function. Give it a body.");
  state_->source = generated(std::move(next));
}

Dataset::Dataset(Dataset&&) noexcept = default;
Dataset& Dataset::operator=(Dataset&&) noexcept = default;
Dataset::~Dataset() = default;

Dataset& Dataset::map(std::function<void(Batch&)> f) & {
  state_->must_not_run("map");
  if (!f) throw ValueError("[Dataset::map] a map must be callable: got an empty function. Give it a body.");
  state_->maps.push_back(std::move(f));
  return *this;
}

Dataset& Dataset::prefetch(int threads, int batches) & {
  state_->must_not_run("prefetch");
  if (threads < 0 || batches < 1) {
    throw ValueError(
        fmt::format("[Dataset::prefetch] got {} threads and {} batches, expected threads >= 0 and batches >= 1. Use 0 "
                    "threads to make "
                    "batches when they are asked for.",
                    threads, batches));
  }
  state_->threads = threads;
  state_->batches = batches;
  return *this;
}

const Batch* Dataset::next() {
  State& state = *state_;
  if (state.ring == nullptr) {
    state.ring =
        std::make_unique<BatchRing>(std::move(state.source), std::move(state.maps), state.threads, state.batches);
  }
  const PendingBatch* pending = state.ring->next();
  if (pending == nullptr) return nullptr;
  state.position = pending->after;
  return &pending->batch;
}

const DatasetPosition& Dataset::position() const {
  return state_->position;
}

bool Dataset::seek(const DatasetPosition& position) {
  state_->must_not_run("seek");
  if (!state_->source.seek || position.fingerprint != state_->source.start.fingerprint) return false;
  state_->source.seek(position);
  state_->position = position;
  return true;
}

namespace {

/// Counts 0, 1, ..., count - 1, one number a batch.
Dataset counting(int64_t count) {
  return Dataset([next = int64_t{0}, count](Batch& batch) mutable {
    if (next == count) return false;
    batch.features["x"] = dense_feature(std::vector<int64_t>{next++});
    return true;
  });
}

int64_t value_of(const Batch& batch) {
  return batch.features.at("x").integers.at(0);
}

std::vector<int64_t> values_of(Dataset& dataset) {
  std::vector<int64_t> values;
  for (const Batch& batch : dataset) values.push_back(value_of(batch));
  return values;
}

std::vector<int64_t> numbers_below(int64_t count) {
  std::vector<int64_t> numbers;
  for (int64_t i = 0; i < count; ++i) numbers.push_back(i);
  return numbers;
}

void nap(int64_t microseconds) {
  std::this_thread::sleep_for(std::chrono::microseconds(microseconds));
}

/// Work whose length changes from batch to batch, so that threads overtake each other.
void uneven(Batch& batch) {
  nap(value_of(batch) * 37 % 150);
}

}  // namespace

TEST_CASE("dataset: batches come in order, whatever the number of threads") {
  for (const int threads : {0, 1, 3}) {
    for (const int batches : {1, 2, 7}) {
      Dataset dataset = counting(100).map(uneven).prefetch(threads, batches);
      CHECK(values_of(dataset) == numbers_below(100));
      CHECK(dataset.next() == nullptr);
      CHECK(dataset.next() == nullptr);
      CHECK(dataset.position().examples == 100);
    }
  }
}

TEST_CASE("dataset: a generator is called by one thread at a time, maps run once a batch and in their order") {
  std::atomic<int> inside = 0, together = 0;
  int64_t next = 0;
  const auto generator = [&](Batch& batch) {
    if (inside.fetch_add(1) != 0) ++together;
    batch.features["x"] = dense_feature(std::vector<int64_t>{next++});
    --inside;
    return next <= 200;
  };
  Dataset dataset = Dataset(generator)
                        .map([](Batch& batch) { batch.features["x"].integers[0] += 1; })
                        .map([](Batch& batch) { batch.features["x"].integers[0] *= 10; })
                        .prefetch(3);
  int64_t expected = 10;
  for (const Batch& batch : dataset) {
    CHECK(value_of(batch) == expected);
    CHECK(batch.size == 1);
    expected += 10;
  }
  CHECK(expected == 2010);
  CHECK(together == 0);
}

TEST_CASE("dataset: an error comes after the batches before it, and again") {
  for (const int threads : {0, 1, 3}) {
    Dataset mapped = counting(9).map([](Batch& batch) {
      uneven(batch);
      if (value_of(batch) == 2) throw DataError("third");
    });
    Dataset drawn([next = int64_t{0}](Batch& batch) mutable {
      if (next == 2) throw DataError("third");
      batch.features["x"] = dense_feature(std::vector<int64_t>{next++});
      return true;
    });
    for (Dataset* dataset : {&mapped, &drawn}) {
      dataset->prefetch(threads);
      CHECK(value_of(*dataset->next()) == 0);
      CHECK(value_of(*dataset->next()) == 1);
      CHECK_THROWS_WITH_AS(dataset->next(), "third", DataError);
      CHECK_THROWS_WITH_AS(dataset->next(), "third", DataError);
      CHECK(dataset->position().examples == 2);
    }
  }
}

TEST_CASE("dataset: any type may be thrown by a map") {
  Dataset dataset = counting(3).map([](Batch&) { throw 7; }).prefetch(2);
  CHECK_THROWS_AS(dataset.next(), int);
}

TEST_CASE("dataset: a batch stays as it is until the next is asked for") {
  Dataset dataset = counting(40).prefetch(2, 2);
  for (int64_t i = 0; i < 40; ++i) {
    const Batch* batch = dataset.next();
    nap(200);  // the threads fill all the room they have
    CHECK(value_of(*batch) == i);
  }
}

TEST_CASE("dataset: no more batches are made ahead than asked for, in places that are used again") {
  std::atomic<int64_t> taken = 0;
  std::set<void*> contexts;
  int64_t drawn = 0;
  bool too_far = false;
  Dataset::Source source;
  source.draw = [&](PendingBatch& pending) {
    if (pending.context == nullptr) pending.context = std::make_shared<int>();
    contexts.insert(pending.context.get());
    too_far = too_far || drawn - taken > 3;
    pending.after.epoch = ++drawn;
    return drawn <= 100;
  };
  Dataset dataset(std::move(source));
  dataset.prefetch(2, 3);
  // Batch n may be drawn once batch n - 3 is asked for: taken is then n - 3 at least.
  for (int64_t i = 1; i <= 100; ++i, ++taken) {
    REQUIRE(dataset.next() != nullptr);
    CHECK(dataset.position().epoch == i);
  }
  CHECK(dataset.next() == nullptr);
  CHECK_FALSE(too_far);
  CHECK(contexts.size() == 4);
}

TEST_CASE("dataset: it may be dropped or moved in the middle of a stream") {
  for (const int threads : {0, 1, 3}) {
    for (int taken = 0; taken < 4; ++taken) {
      Dataset dataset = counting(1'000'000).map(uneven).prefetch(threads, 3);
      for (int i = 0; i < taken; ++i) dataset.next();
      Dataset moved = std::move(dataset);
      CHECK(value_of(*moved.next()) == taken);
    }
  }
}

TEST_CASE("dataset: calls that can't be are refused") {
  Dataset dataset = counting(3);
  CHECK_THROWS_AS(dataset.prefetch(-1), ValueError);
  CHECK_THROWS_AS(dataset.prefetch(1, 0), ValueError);
  CHECK_THROWS_AS(dataset.map(nullptr), ValueError);
  CHECK_THROWS_AS(Dataset(Dataset::Source{}), ValueError);
  CHECK_FALSE(dataset.seek({}));  // a generator can't go anywhere
  dataset.next();
  CHECK_THROWS_AS(dataset.prefetch(1), ValueError);
  CHECK_THROWS_AS(dataset.map(uneven), ValueError);
  CHECK_THROWS_AS(dataset.seek({}), ValueError);
}

}  // namespace weft
