// What targets need that read through libhdf5, which is not instrumented.
#pragma once

// Asked for by the sanitizers. libhdf5 loses memory when it meets a damaged file, and takes what a damaged length says;
// where it gets none, the file is refused.
extern "C" const char* __lsan_default_suppressions();  // NOLINT: the sanitizer's name
extern "C" const char* __lsan_default_suppressions() {
  return "leak:libhdf5";
}
extern "C" const char* __asan_default_options();  // NOLINT: the sanitizer's name
extern "C" const char* __asan_default_options() {
  return "allocator_may_return_null=1:max_allocation_size_mb=1024";
}
