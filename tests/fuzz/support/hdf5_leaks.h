// Asked for by the leak sanitizer: libhdf5 itself loses memory when it meets a damaged file.
#pragma once

extern "C" const char* __lsan_default_suppressions();  // NOLINT: the sanitizer's name
extern "C" const char* __lsan_default_suppressions() {
  return "leak:libhdf5";
}
