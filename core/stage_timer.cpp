// Stage timers: a pointer a thread, and the timers that run on it, innermost first.
#include <weft/core/parallel.h>
#include <weft/core/stage_timer.h>

#include <doctest/doctest.h>

#include <chrono>
#include <thread>
#include <utility>

namespace weft {
namespace {

struct OfThread {
  StageTimes* times = nullptr;
  StageTimer* innermost = nullptr;
};
OfThread& of_thread() {
  thread_local constinit OfThread mine;
  return mine;
}

int64_t now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

std::string_view to_string(Stage stage) {
  constexpr std::array<std::string_view, kStages> names = {
      "read", "crc", "parse", "lookup", "wait", "gather", "forward", "backward", "coalesce", "update", "other"};
  return names[static_cast<size_t>(stage)];
}

void StageTimes::clear() {
  for (std::atomic<int64_t>& time : times_) time.store(0, std::memory_order_relaxed);
}

StageRecording::StageRecording(StageTimes* times) : previous_(std::exchange(of_thread().times, times)) {}

StageRecording::~StageRecording() {
  of_thread().times = previous_;
}

StageTimes* recorded_stages() {
  return of_thread().times;
}

StageTimer::StageTimer(Stage stage) : times_(of_thread().times), stage_(stage) {
  if (times_ == nullptr) return;
  outer_ = std::exchange(of_thread().innermost, this);
  start_ = now();
}

StageTimer::~StageTimer() {
  if (times_ == nullptr) return;
  const int64_t total = now() - start_;
  times_->add(stage_, total - within_);
  of_thread().innermost = outer_;
  if (outer_ != nullptr) outer_->within_ += total;
}

namespace {

constexpr std::chrono::milliseconds kPause{2};
constexpr int64_t kPauseNanoseconds = 2'000'000;

}  // namespace

TEST_CASE("stage timer: adds nothing without a recording, and nothing to one that ended") {
  StageTimes times;
  { const StageTimer timer(Stage::parse); }
  { const StageRecording recording(&times); }
  { const StageTimer timer(Stage::parse); }
  CHECK(recorded_stages() == nullptr);
  CHECK(times.nanoseconds(Stage::parse) == 0);
}

TEST_CASE("stage timer: a timer within another is taken off the outer one") {
  StageTimes times;
  const auto start = now();
  {
    const StageRecording recording(&times);
    const StageTimer outer(Stage::other);
    {
      const StageTimer inner(Stage::gather);
      std::this_thread::sleep_for(kPause);
    }
    const StageTimer second(Stage::gather);
    std::this_thread::sleep_for(kPause);
  }
  const int64_t all = now() - start;
  CHECK(times.nanoseconds(Stage::gather) >= 2 * kPauseNanoseconds);
  CHECK(times.nanoseconds(Stage::gather) + times.nanoseconds(Stage::other) <= all);
  times.clear();
  CHECK(times.nanoseconds(Stage::gather) == 0);
}

TEST_CASE("stage timer: recordings nest, and belong to their thread") {
  StageTimes outer, inner;
  const StageRecording first(&outer);
  {
    const StageRecording second(&inner);
    CHECK(recorded_stages() == &inner);
  }
  CHECK(recorded_stages() == &outer);
  StageTimes* elsewhere = &inner;
  std::thread([&] { elsewhere = recorded_stages(); }).join();
  CHECK(elsewhere == nullptr);
}

TEST_CASE("stage timer: a parallel loop counts once, as its caller's time") {
  StageTimes times;
  const ThreadLimit two(2);
  const auto start = now();
  {
    const StageRecording recording(&times);
    parallel_blocks(8, [](int64_t) {
      const StageTimer timer(Stage::update);
      std::this_thread::sleep_for(kPause);
    });
  }
  CHECK(times.nanoseconds(Stage::update) <= now() - start);
}

TEST_CASE("stage timer: stages have names") {
  CHECK(to_string(Stage::read) == "read");
  CHECK(to_string(Stage::backward) == "backward");
  CHECK(to_string(Stage::other) == "other");
}

}  // namespace weft
