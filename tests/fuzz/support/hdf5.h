// What targets need that read through libhdf5, which is not instrumented.
#pragma once
#include <dlfcn.h>
#include <execinfo.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <string_view>

#include "fuzz.h"

extern "C" void __sanitizer_set_death_callback(void (*callback)()) __attribute__((weak));  // NOLINT: where there is one

// Asked for by the sanitizers. libhdf5 loses memory when it meets a damaged file, and takes what a damaged length says;
// where it gets none, the file is refused. What was freed is not kept for long: every input makes a process.
extern "C" const char* __lsan_default_suppressions();  // NOLINT: the sanitizer's name
extern "C" const char* __lsan_default_suppressions() {
  return "leak:libhdf5";
}
extern "C" const char* __asan_default_options();  // NOLINT: the sanitizer's name
extern "C" const char* __asan_default_options() {
  return "allocator_may_return_null=1:max_allocation_size_mb=1024:quarantine_size_mb=16";
}

namespace weft::fuzz {

constexpr int kForeign = 77;

/// Ends a process that the address sanitizer stopped: with kForeign if libhdf5 was at it, or what it called last.
inline void end_process() {
  std::array<void*, 10> frames = {};  // the first are those of this and of the sanitizer
  const int count = ::backtrace(frames.data(), static_cast<int>(frames.size()));
  const bool foreign = std::any_of(frames.begin(), frames.begin() + count, [](const void* frame) {
    Dl_info info = {};
    return ::dladdr(frame, &info) != 0 && std::string_view(info.dli_fname).find("libhdf5") != std::string_view::npos;
  });
  ::_exit(foreign ? kForeign : 1);
}

/// False if libhdf5 reads a few bytes beyond what it has taken for a part of a header, which version 1.10.8 does in
/// many places, and which no program notices but the sanitizer; tried in a process of its own, since such files would
/// end every search at once. A crash in libhdf5 is a finding as any other: what leads there is to be refused before.
template <class Run>
bool hdf5_keeps_bounds(const Run& run) {
  const pid_t child = ::fork();
  check(child >= 0, "no process");
  if (child == 0) {
    for (const int number : {SIGSEGV, SIGBUS, SIGFPE, SIGABRT}) std::signal(number, [](int) { ::_exit(1); });
    if (__sanitizer_set_death_callback != nullptr) __sanitizer_set_death_callback(end_process);
    run();
    ::_exit(0);
  }
  int status = 0;
  pid_t ended = 0;
  do {
    ended = ::waitpid(child, &status, 0);
  } while (ended < 0 && errno == EINTR);  // by the fuzzer's clock
  check(ended == child, "the process is lost");
  return !WIFEXITED(status) || WEXITSTATUS(status) != kForeign;
}

}  // namespace weft::fuzz
