// DeferredRows: a stamp a row, and the steps since the last time that all rows were up to date.
#include <weft/core/deferred_rows.h>
#include <weft/core/parallel.h>
#include <weft/core/prefetch.h>

#include <doctest/doctest.h>
#include <algorithm>
#include <array>
#include <atomic>
#include <utility>

namespace weft {
namespace {

/// Steps remembered; then all rows are brought up to date, so that memory stays small and no row falls far behind.
constexpr size_t kMostSteps = 1 << 15;
/// Rows that a thread looks at in one go, of those that a lookup names and of all.
constexpr int64_t kNamed = 1024, kAll = 4096;
/// Rows that are given their steps by one call.
constexpr size_t kAtOnce = 64;
/// Rows ahead of the one in work whose stamps are asked for.
constexpr int64_t kAhead = 24;

}  // namespace

/// Rows that a thread has found behind, until there are enough of them for a call.
class DeferredRows::Batch {
 public:
  explicit Batch(const DeferredRows& owner) : owner_(owner) {}
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;
  ~Batch() { replay(); }

  void add(int64_t row, int64_t from) {
    if (from >= owner_.step_) return;
    rows_[count_++] = {row, from};
    if (count_ == kAtOnce) replay();
  }

 private:
  void replay() {
    if (count_ == 0) return;
    owner_.options_.replay({std::span(rows_.data(), count_), owner_.step_, owner_.steps_, owner_.largest_});
    count_ = 0;
  }

  const DeferredRows& owner_;
  std::array<Behind, kAtOnce> rows_;
  size_t count_ = 0;
};

DeferredRows::DeferredRows(Options options)
    : options_(std::move(options)),
      stamps_(Buffer::zeros(static_cast<size_t>(options_.rows) * sizeof(int32_t))),
      origin_(options_.step),
      all_(options_.step),
      step_(options_.step) {
  steps_.reserve(kMostSteps);
}

void DeferredRows::bring_up(std::span<const int32_t> rows) {
  if (all_ == step_) return;
  const auto now = static_cast<int32_t>(step_ - origin_);
  auto* stamps = stamps_.as<int32_t>();
  // A row that is named twice belongs to the thread that stamps it first. Whoever that is gives it the same bits.
  parallel_for(static_cast<int64_t>(rows.size()), kNamed, [&](int64_t begin, int64_t end) {
    Batch batch(*this);
    for (int64_t i = begin; i < end; ++i) {
      prefetch(stamps + rows[static_cast<size_t>(std::min(i + kAhead, end - 1))]);
      const int32_t row = rows[static_cast<size_t>(i)];
      const std::atomic_ref<int32_t> stamp(stamps[row]);
      if (stamp.load(std::memory_order_relaxed) == now) continue;
      batch.add(row, standing(stamp.exchange(now, std::memory_order_relaxed)));
    }
  });
}

void DeferredRows::bring_up_own(std::span<const int32_t> rows) {
  auto* stamps = stamps_.as<int32_t>();
  const auto count = std::ssize(rows);
  Batch batch(*this);
  for (int64_t i = 0; i < count; ++i) {
    prefetch(stamps + rows[static_cast<size_t>(std::min(i + kAhead, count - 1))]);
    const int32_t row = rows[static_cast<size_t>(i)];
    batch.add(row, standing(std::exchange(stamps[row], static_cast<int32_t>(step_ - origin_))));
  }
}

void DeferredRows::mark_next(std::span<const int32_t> rows) {
  const auto next = static_cast<int32_t>(step_ + 1 - origin_);
  for (const int32_t row : rows) stamps_.as<int32_t>()[row] = next;
}

void DeferredRows::bring_up_all() {
  if (all_ == step_) return;
  parallel_for(options_.rows, kAll, [&](int64_t begin, int64_t end) {
    Batch batch(*this);
    for (int64_t row = begin; row < end; ++row) {
      int32_t& stamp = stamps_.as<int32_t>()[row];
      batch.add(row, standing(std::exchange(stamp, static_cast<int32_t>(step_ - origin_))));
    }
  });
  mark_all();
}

void DeferredRows::mark_all() {
  all_ = step_;
  steps_.clear();
  largest_.fill(0.0f);
}

void DeferredRows::add_step(const Step& step) {
  ++step_;
  steps_.push_back(step);
  for (size_t i = 0; i < step.size(); ++i) largest_[i] = std::max(largest_[i], step[i]);
  if (steps_.size() == kMostSteps) bring_up_all();
}

void DeferredRows::go_to(int64_t step) {
  // Stamps are counted from the origin: moving it moves them all, and none is after the step.
  origin_ += step - step_;
  step_ = step;
  mark_all();
}

TEST_CASE("deferred rows: a row gets each missed step once, whoever names it and how often") {
  for (const int threads : {1, 3}) {
    const ThreadLimit limit(threads);
    constexpr int64_t kRows = 5000;
    std::vector<int64_t> done(kRows, 7);  // the step that a row has got to
    DeferredRows rows({.rows = kRows, .step = 7, .replay = [&](const DeferredRows::Missed& missed) {
                         for (const DeferredRows::Behind& behind : missed.rows) {
                           CHECK(done[static_cast<size_t>(behind.row)] == behind.from);
                           const auto steps = missed.of(behind);
                           CHECK(missed.to - behind.from == std::ssize(steps));
                           CHECK(steps[0][0] == static_cast<float>(behind.from + 1));
                           done[static_cast<size_t>(behind.row)] = missed.to;
                         }
                       }});
    std::vector<int32_t> named;
    for (int32_t i = 0; i < 20000; ++i) named.push_back(i * 7919 % 500);
    for (int step = 8; step < 20; ++step) {
      rows.mark_next(std::array{3});
      done[3] = step;
      rows.add_step({static_cast<float>(step)});
      if (step % 3 == 0) {
        rows.bring_up(named);
        for (const int32_t row : named) CHECK(done[static_cast<size_t>(row)] == step);
        CHECK(done[4000] == 7);
      }
    }
    rows.bring_up_own(std::array{4000});
    CHECK(done[4000] == 19);
    rows.bring_up_all();
    CHECK(std::ranges::count(done, 19) == kRows);
    rows.go_to(30);
    rows.bring_up(named);
    rows.add_step({31.0f});
    std::ranges::fill(done, 30);
    rows.bring_up_all();
    CHECK(std::ranges::count(done, 31) == kRows);
  }
}

TEST_CASE("deferred rows: none falls further behind than the steps that are remembered") {
  int64_t steps = 0;
  DeferredRows rows(
      {.rows = 1, .replay = [&](const DeferredRows::Missed& m) { steps += std::ssize(m.of(m.rows[0])); }});
  for (size_t i = 0; i < 3 * kMostSteps + 5; ++i) rows.add_step({});
  CHECK(steps == 3 * kMostSteps);
  rows.bring_up_all();
  CHECK(steps == 3 * kMostSteps + 5);
}

}  // namespace weft
