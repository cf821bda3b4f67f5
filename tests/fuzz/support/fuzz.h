// What fuzz targets share: LLVMFuzzerTestOneInput's declaration, a check that stops the program, a file in memory.
#pragma once
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

/// The target: must survive any bytes. Returns 0.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace weft::fuzz {

/// Stops the program, which is how a fuzzer learns of a failure.
inline void check(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "fuzz: %s\n", what);
  std::abort();
}

/// The input as text, and its first byte as a choice (0 if there is none) for what needs one.
inline std::string_view text_of(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}
inline uint8_t take_choice(std::string_view& input) {
  if (input.empty()) return 0;
  const auto choice = static_cast<uint8_t>(input.front());
  input.remove_prefix(1);
  return choice;
}

/// A piece of the input, of the size that its first byte says (its first two, little-endian), or what is left.
inline std::string_view take_part(std::string_view& input, int bytes_of_size = 1) {
  size_t size = 0;
  for (int i = 0; i < bytes_of_size; ++i) size += size_t{take_choice(input)} << (8 * i);
  const std::string_view part = input.substr(0, size);
  input.remove_prefix(part.size());
  return part;
}

/// Bytes that have a path as long as this lives: for readers that open files.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view bytes) : descriptor_(::memfd_create("fuzz", 0)) {
    check(descriptor_ >= 0, "no file in memory");
    const auto written = ::write(descriptor_, bytes.data(), bytes.size());
    check(written == static_cast<ssize_t>(bytes.size()), "the file in memory was not written");
  }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile() { ::close(descriptor_); }
  std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  int descriptor_;
};

}  // namespace weft::fuzz
