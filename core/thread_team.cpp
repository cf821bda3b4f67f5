// ThreadTeam: one list of open loops, helpers join the first that wants more; one list of side work for between them.
#include <doctest/doctest.h>
#include <weft/core/thread_team.h>

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>

namespace weft {
namespace {

thread_local bool at_a_block = false;

// Some microseconds, in which the next loop of a step usually comes; then the processor is given back.
constexpr int kSpins = 2000;

template <class Number>
void wait_while(const std::atomic<Number>& value, Number old) {
  for (int i = 0; i < kSpins; ++i) {
    if (value.load(std::memory_order_acquire) != old) return;
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
  }
  value.wait(old, std::memory_order_acquire);
}

}  // namespace

bool ThreadTeam::inside() {
  return at_a_block;
}

ThreadTeam::ThreadTeam(Region region) : region_(std::move(region)), process_(getpid()) {}

ThreadTeam::~ThreadTeam() {
  {
    const std::lock_guard lock(mutex_);
    for (const auto& work : beside_) work->known = false;
  }
  ended_ = true;
  ++posted_;
  posted_.notify_all();
  // The threads of the process that forked this one can't be joined.
  for (std::thread& thread : regions_) process_ == getpid() ? thread.join() : thread.detach();
}

void ThreadTeam::grow(int helpers) {
  if (process_ != getpid()) {
    process_ = getpid();
    size_ = 0;
    for (std::thread& thread : regions_) thread.detach();
    regions_.clear();
  }
  if (helpers <= size_) return;
  regions_.emplace_back([this, more = helpers - size_] { region_(more, [this] { help(); }); });
  size_ = helpers;
}

void ThreadTeam::take_blocks(Job& job) {
  at_a_block = true;
  for (;;) {
    const int64_t block = job.next.fetch_add(1, std::memory_order_relaxed);
    if (block >= job.loop.blocks) break;
    try {
      job.loop.body(job.loop.context, block);
    } catch (...) {
      const std::lock_guard lock(job.error_mutex);
      if (!job.error) job.error = std::current_exception();
    }
  }
  at_a_block = false;
}

ThreadTeam::Job* ThreadTeam::join() {
  const std::lock_guard lock(mutex_);
  for (Job* job : open_) {
    if (job->helpers == 0 || job->next.load(std::memory_order_relaxed) >= job->loop.blocks) continue;
    --job->helpers;
    job->busy.fetch_add(1, std::memory_order_relaxed);
    return job;
  }
  return nullptr;
}

void ThreadTeam::help() {
  for (;;) {
    const uint32_t seen = posted_.load(std::memory_order_acquire);
    if (ended_) return;
    Job* job = join();
    if (job == nullptr) {
      if (!help_beside()) wait_while(posted_, seen);
      continue;
    }
    take_blocks(*job);
    // The job ends with its caller's wait: notified under the lock, it is still there.
    const std::lock_guard lock(mutex_);
    if (job->busy.fetch_sub(1, std::memory_order_release) == 1) job->busy.notify_one();
  }
}

std::shared_ptr<SideWork> ThreadTeam::take_side_work(int64_t& wakes) {
  const std::lock_guard lock(mutex_);
  for (const auto& work : beside_) {
    if (work->idle || work->busy >= work->threads) continue;
    ++work->busy;
    wakes = work->wakes;
    return work;
  }
  return nullptr;
}

/// Does a piece of side work; false if there was none.
bool ThreadTeam::help_beside() {
  int64_t wakes = 0;
  const std::shared_ptr<SideWork> work = take_side_work(wakes);
  if (work == nullptr) return false;
  at_a_block = true;
  const bool more = work->piece();
  at_a_block = false;
  const std::lock_guard lock(mutex_);
  // Who woke it meanwhile may have something that this piece did not see.
  if (!more && work->wakes == wakes) work->idle = true;
  --work->busy;
  left_.notify_all();
  return true;
}

void ThreadTeam::add(const std::shared_ptr<SideWork>& work) {
  {
    const std::lock_guard lock(mutex_);
    grow(work->threads);
    work->known = true;
    beside_.push_back(work);
  }
  wake(*work);
}

void ThreadTeam::remove(const std::shared_ptr<SideWork>& work) {
  std::unique_lock lock(mutex_);
  std::erase(beside_, work);
  work->known = false;
  left_.wait(lock, [&] { return work->busy == 0; });
}

void ThreadTeam::wake(SideWork& work) {
  {
    const std::lock_guard lock(mutex_);
    ++work.wakes;
    work.idle = false;
  }
  posted_.fetch_add(1, std::memory_order_release);
  for (int i = 0; i < work.threads; ++i) posted_.notify_one();
}

void ThreadTeam::run(const Loop& loop, int helpers) {
  Job job;
  job.loop = loop;
  job.helpers = static_cast<int>(std::min<int64_t>(helpers, loop.blocks - 1));
  const int wanted = job.helpers;
  {
    const std::lock_guard lock(mutex_);
    grow(wanted);
    open_.push_back(&job);
  }
  posted_.fetch_add(1, std::memory_order_release);
  for (int i = 0; i < wanted; ++i) posted_.notify_one();
  take_blocks(job);
  {
    const std::lock_guard lock(mutex_);
    std::erase(open_, &job);
  }
  for (int64_t busy = job.busy.load(std::memory_order_acquire); busy != 0;
       busy = job.busy.load(std::memory_order_acquire)) {
    wait_while(job.busy, busy);
  }
  // The last helper notifies with the lock: once it is free, nobody knows the job.
  { const std::lock_guard lock(mutex_); }
  if (job.error) std::rethrow_exception(job.error);
}

}  // namespace weft

namespace {

using namespace weft;

ThreadTeam plain_team() {
  return ThreadTeam([](int count, const std::function<void()>& work) {
    std::list<std::thread> threads;
    for (int i = 0; i < count; ++i) threads.emplace_back(work);
    for (std::thread& thread : threads) thread.join();
  });
}

void add_block(void* context, int64_t block) {
  *static_cast<std::atomic<int64_t>*>(context) += block;
}

}  // namespace

TEST_CASE("thread team: every block once, loop after loop, with more and fewer helpers") {
  ThreadTeam team = plain_team();
  for (int repeat = 0; repeat < 300; ++repeat) {
    std::atomic<int64_t> sum = 0;
    team.run({.body = add_block, .context = &sum, .blocks = 20}, 1 + repeat % 4);
    CHECK(sum == 190);
  }
  CHECK_FALSE(ThreadTeam::inside());
}

TEST_CASE("thread team: a helper that never runs is not waited for") {
  ThreadTeam team([](int, const std::function<void()>&) {});
  std::atomic<int64_t> sum = 0;
  team.run({.body = add_block, .context = &sum, .blocks = 20}, 3);
  CHECK(sum == 190);
}

TEST_CASE("thread team: side work is done beside loops, by as many threads as it says, and again when woken") {
  ThreadTeam team = plain_team();
  std::atomic<int> left = 100, at_once = 0, most = 0, done = 0;
  const auto work = std::make_shared<SideWork>();
  work->threads = 2;
  work->piece = [&] {
    const int now = ++at_once;
    if (now > most) most = now;
    const bool some = left.fetch_sub(1) > 0;
    CHECK(ThreadTeam::inside());
    if (some) ++done;
    --at_once;
    return some;
  };
  team.add(work);
  for (int repeat = 0; repeat < 50; ++repeat) {
    std::atomic<int64_t> sum = 0;
    team.run({.body = add_block, .context = &sum, .blocks = 20}, 3);
    CHECK(sum == 190);
  }
  while (done < 100) std::this_thread::yield();
  left = 10;
  team.wake(*work);
  while (done < 110) std::this_thread::yield();
  team.remove(work);
  left = 10;
  CHECK(most <= 2);
  CHECK(done == 110);
}

TEST_CASE("thread team: the first error comes out once all blocks are done") {
  ThreadTeam team = plain_team();
  std::atomic<int64_t> done = 0;
  const auto throwing = [](void* context, int64_t block) {
    ++*static_cast<std::atomic<int64_t>*>(context);
    if (block % 3 == 0) throw std::runtime_error("a block");
  };
  CHECK_THROWS_WITH_AS(team.run({.body = throwing, .context = &done, .blocks = 9}, 2), "a block", std::runtime_error);
  CHECK(done == 9);
}

TEST_CASE("thread team: a forked child goes on with threads of its own") {
  ThreadTeam team = plain_team();
  std::atomic<int64_t> sum = 0;
  team.run({.body = add_block, .context = &sum, .blocks = 5}, 2);
  const pid_t child = fork();
  if (child == 0) {
    std::atomic<int64_t> own = 0;
    team.run({.body = add_block, .context = &own, .blocks = 20}, 2);
    _exit(own == 190 ? 0 : 1);
  }
  int status = -1;
  waitpid(child, &status, 0);
  CHECK(status == 0);
}
