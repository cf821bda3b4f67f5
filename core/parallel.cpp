// Parallel loops: the threads are OpenMP's, how they share work is ThreadTeam's.
#include <omp.h>
#include <weft/core/error.h>
#include <weft/core/parallel.h>
#include <weft/core/thread_team.h>

#include <doctest/doctest.h>
#include <algorithm>
#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace weft {
namespace {

/// 0: not set, the machine's own number.
std::atomic<int>& process_threads() {
  static std::atomic<int> threads{0};
  return threads;
}
/// 0: no limit of its own.
thread_local int thread_limit = 0;

// The threads of this process's loops. They sleep when there is nothing to do.
ThreadTeam& team() {
  static ThreadTeam threads([](int count, const std::function<void()>& work) {
#pragma omp parallel num_threads(count)
    work();
  });
  return threads;
}

void check_threads(int n, const char* where) {
  if (n < 1)
    throw ValueError(std::string("[") + where + "] threads: got " + std::to_string(n) + ", expected 1 or more.");
}

}  // namespace

int num_threads() {
  if (thread_limit > 0) return thread_limit;
  const int set = process_threads().load(std::memory_order_relaxed);
  return set > 0 ? set : omp_get_max_threads();
}

void set_num_threads(int n) {
  check_threads(n, "set_num_threads");
  process_threads().store(n, std::memory_order_relaxed);
}

ThreadLimit::ThreadLimit(int n) : previous_(thread_limit) {
  check_threads(n, "ThreadLimit");
  thread_limit = n;
}
ThreadLimit::~ThreadLimit() {
  thread_limit = previous_;
}

BackgroundWork::BackgroundWork(int threads, std::function<bool()> piece) : work_(std::make_shared<SideWork>()) {
  check_threads(threads, "BackgroundWork");
  work_->threads = threads;
  work_->piece = std::move(piece);
  team().add(work_);
}
BackgroundWork::~BackgroundWork() {
  if (work_->known) team().remove(work_);  // else the team is gone: a static object that outlived it
}
void BackgroundWork::wake() {
  if (work_->idle && work_->known) team().wake(*work_);
}

namespace detail {

void run_blocks(int64_t blocks, void (*body)(void*, int64_t), void* context) {
  const auto threads = static_cast<int>(std::min<int64_t>(num_threads(), blocks));
  if (threads <= 1 || ThreadTeam::inside() || omp_in_parallel()) {
    for (int64_t block = 0; block < blocks; ++block) body(context, block);
    return;
  }
  team().run({.body = body, .context = context, .blocks = blocks}, threads - 1);
}

SerialLibraries::SerialLibraries() : previous_(omp_get_max_threads()) {
  if (previous_ != 1) omp_set_num_threads(1);
}
SerialLibraries::~SerialLibraries() {
  if (previous_ != 1) omp_set_num_threads(previous_);
}

}  // namespace detail

TEST_CASE("parallel: every index once, whatever the threads") {
  for (const int threads : {1, 2, 5}) {
    const ThreadLimit limit(threads);
    CHECK(num_threads() == threads);
    std::vector<int> seen(1000);
    parallel_for(1000, 7, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) ++seen[static_cast<size_t>(i)];
    });
    CHECK(std::ranges::count(seen, 1) == 1000);
  }
  parallel_for(0, 7, [&](int64_t, int64_t) { FAIL("nothing to do"); });
}

TEST_CASE("parallel: what a block throws comes out of the loop") {
  for (const int threads : {1, 3}) {
    const ThreadLimit limit(threads);
    CHECK_THROWS_WITH_AS(parallel_blocks(100,
                                         [](int64_t block) {
                                           if (block % 7 == 3) throw ValueError("block");
                                         }),
                         "block", ValueError);
  }
}

TEST_CASE("parallel: loops within loops, and loops of several threads at once") {
  const ThreadLimit limit(3);
  std::atomic<int> inner{0};
  parallel_blocks(6, [&](int64_t) { parallel_blocks(5, [&](int64_t) { ++inner; }); });
  CHECK(inner == 30);

  std::vector<std::thread> callers;
  std::vector<int64_t> sums(4);
  for (size_t c = 0; c < sums.size(); ++c) {
    callers.emplace_back([&, c] {
      const ThreadLimit own(3);
      for (int repeat = 0; repeat < 200; ++repeat) {
        std::vector<int64_t> squares(50);
        parallel_blocks(50, [&](int64_t block) { squares[static_cast<size_t>(block)] = block * block; });
        for (const int64_t square : squares) sums[c] += square;
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  for (const int64_t sum : sums) CHECK(sum == 200 * 40425);
}

TEST_CASE("parallel: limits nest and are refused below one") {
  {
    const ThreadLimit three(3);
    const ThreadLimit one(1);
    CHECK(num_threads() == 1);
  }
  CHECK_THROWS_AS(set_num_threads(0), ValueError);
  CHECK_THROWS_AS(ThreadLimit(-1), ValueError);
}

}  // namespace weft
