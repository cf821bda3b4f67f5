// Parallel loops. The one place with OpenMP pragmas is parallel.cpp.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <type_traits>

namespace weft {

/// Threads that a parallel loop of this thread may use, >= 1; at first the machine's (or OMP_NUM_THREADS).
int num_threads();
/// Sets num_threads() for every thread without a ThreadLimit of its own. Throws ValueError if n < 1.
void set_num_threads(int n);

/// While it lives, parallel loops started by this thread use at most n threads.
class ThreadLimit {
 public:
  explicit ThreadLimit(int n);
  ThreadLimit(const ThreadLimit&) = delete;
  ThreadLimit& operator=(const ThreadLimit&) = delete;
  ~ThreadLimit();

 private:
  int previous_;
};

struct SideWork;

/// Work that the threads of parallel loops do while no loop wants them, so that all in all no more threads run than
/// there are processors: up to `threads` at once call piece() until it returns false, and again after wake(). A loop
/// within a piece runs on that thread alone. piece() must not throw.
class BackgroundWork {
 public:
  BackgroundWork(int threads, std::function<bool()> piece);
  BackgroundWork(const BackgroundWork&) = delete;
  BackgroundWork& operator=(const BackgroundWork&) = delete;
  /// Waits for the pieces that are being done.
  ~BackgroundWork();
  /// There is something to do again. Cheap if somebody is at it anyway.
  void wake();

 private:
  std::shared_ptr<SideWork> work_;
};

namespace detail {
void run_blocks(int64_t blocks, void (*body)(void*, int64_t), void* context);

/// While it lives, libraries called by this thread that use OpenMP themselves run on one thread: weft cuts the work.
class SerialLibraries {
 public:
  SerialLibraries();
  SerialLibraries(const SerialLibraries&) = delete;
  SerialLibraries& operator=(const SerialLibraries&) = delete;
  ~SerialLibraries();

 private:
  int previous_;
};
}  // namespace detail

/// Runs body(block) for block in [0, blocks), each once, in any order, on up to num_threads() threads. What a block
/// throws comes out of the loop once the others are done.
template <class F>
void parallel_blocks(int64_t blocks, F&& body) {
  using Body = std::remove_reference_t<F>;
  detail::run_blocks(
      blocks, [](void* context, int64_t block) { (*static_cast<Body*>(context))(block); },
      const_cast<void*>(static_cast<const void*>(&body)));
}

/// Runs body(begin, end) over [0, n) in pieces of `grain` (the last may be shorter). The pieces depend on n and grain
/// alone, never on the number of threads: what is summed within a piece has the same bits everywhere. What a piece
/// throws comes out of the loop.
template <class F>
void parallel_for(int64_t n, int64_t grain, F&& body) {
  const int64_t blocks = (n + grain - 1) / grain;
  parallel_blocks(blocks, [&](int64_t block) {
    const int64_t begin = block * grain;
    body(begin, begin + grain < n ? begin + grain : n);
  });
}

}  // namespace weft
