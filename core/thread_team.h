// ThreadTeam: threads that help with loops, do other work between them, and sleep when there is none.
#pragma once
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace weft {

/// A loop's work: body(context, block) for block in [0, blocks).
struct Loop {
  void (*body)(void* context, int64_t block) = nullptr;
  void* context = nullptr;
  int64_t blocks = 0;
};

/// Work for the time between loops, done a piece at a time until there is no more.
struct SideWork {
  std::function<bool()> piece;  ///< does a piece; false: there was nothing to do. Must not throw.
  int threads = 1;              ///< that may be at it at once
  // Of the team:
  int busy = 0;
  int64_t wakes = 0;
  std::atomic<bool> idle = false;  ///< there was nothing to do when last asked
  bool known = false;              ///< to a team
};

/// Threads that take blocks of loops beside the thread that runs the loop. The caller takes blocks itself and waits
/// only for blocks that somebody is at: a helper which the system does not run, because a neighbour has its processor,
/// is not waited for. (The barrier at the end of an OpenMP loop waits for every thread of the team.)
class ThreadTeam {
 public:
  /// Calls work() on `count` threads at once and returns when all have: a parallel region.
  using Region = std::function<void(int count, const std::function<void()>& work)>;
  explicit ThreadTeam(Region region);
  ThreadTeam(const ThreadTeam&) = delete;
  ThreadTeam& operator=(const ThreadTeam&) = delete;
  ~ThreadTeam();

  /// Runs the loop with up to `helpers` threads beside this one. What a block throws comes out when the others are
  /// done; the first of several.
  void run(const Loop& loop, int helpers);
  /// From now on threads of the team, at least work->threads of them, do this work while no loop wants them.
  void add(const std::shared_ptr<SideWork>& work);
  /// Returns when nobody is at the work any more. Not to be called by the work itself.
  void remove(const std::shared_ptr<SideWork>& work);
  /// There is something to do again.
  void wake(SideWork& work);
  /// True on a thread that is at a block or a piece: what it starts runs on it alone.
  static bool inside();

 private:
  struct Job {
    Loop loop;
    int helpers = 0;                ///< that may still join
    std::atomic<int64_t> next = 0;  ///< block
    std::atomic<int64_t> busy = 0;  ///< helpers that joined and have not left
    std::mutex error_mutex;
    std::exception_ptr error;
  };
  static void take_blocks(Job& job);
  void help();
  Job* join();
  bool help_beside();
  std::shared_ptr<SideWork> take_side_work(int64_t& wakes);
  void grow(int helpers);

  Region region_;
  std::mutex mutex_;  ///< of all below
  std::vector<Job*> open_;
  std::vector<std::shared_ptr<SideWork>> beside_;
  std::condition_variable left_;  ///< somebody left a side work
  std::list<std::thread> regions_;
  int size_ = 0;
  std::atomic<uint32_t> posted_ = 0;  ///< loops so far: what helpers wait for
  std::atomic<bool> ended_ = false;
  int64_t process_ = 0;  ///< whose threads they are: a forked child has none of them
};

}  // namespace weft
