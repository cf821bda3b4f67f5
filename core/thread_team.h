// ThreadTeam: threads that help with loops, and sleep between them.
#pragma once
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <list>

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
  /// True on a thread that is at a block: what it starts runs on it alone.
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
  void grow(int helpers);

  Region region_;
  std::mutex mutex_;  ///< of all below
  std::vector<Job*> open_;
  std::list<std::thread> regions_;
  int size_ = 0;
  std::atomic<uint32_t> posted_ = 0;  ///< loops so far: what helpers wait for
  std::atomic<bool> ended_ = false;
  int64_t process_ = 0;  ///< whose threads they are: a forked child has none of them
};

}  // namespace weft
