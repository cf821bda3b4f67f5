// Buffer: a counted handle on 64-byte aligned bytes that go back to a pool.
#pragma once
#include <cstddef>
#include <cstdint>
#include <utility>

namespace weft {

/// A handle (copies share the bytes) on 64-byte aligned memory, uninitialised when made. The bytes of the last handle
/// return to a pool of the thread that drops it, so that a steady training step allocates nothing. Buffers of 4 MiB
/// and more are mapped on their own, in huge pages where the system gives them.
class Buffer {
 public:
  Buffer() = default;
  /// Throws std::bad_alloc if the system has no memory.
  explicit Buffer(size_t bytes);
  /// Fresh zeros, taken from the system as they are touched and given back to it, past the pool: for tables.
  static Buffer zeros(size_t bytes);
  Buffer(const Buffer& other);
  Buffer(Buffer&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  Buffer& operator=(Buffer other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~Buffer();

  /// Null for a default-constructed Buffer.
  void* data() const;
  template <class T>
  T* as() const {
    return static_cast<T*>(data());
  }
  /// Bytes that may be used: at least what was asked for.
  size_t capacity() const;
  explicit operator bool() const { return block_ != nullptr; }
  /// Room for `bytes`, uninitialised: the same memory if it is large enough and no other handle is on it.
  void renew(size_t bytes);

  /// Tells the system that the whole pages within [offset, offset + bytes) are no longer needed (mapped buffers only).
  void release_pages(size_t offset, size_t bytes) const;

  struct Block;

 private:
  Block* block_ = nullptr;
};

}  // namespace weft
