// Buffer: blocks of memory, counted, pooled a thread, mapped when large.
#include <sys/mman.h>
#include <weft/core/buffer.h>

#include <doctest/doctest.h>
#include <algorithm>
#include <atomic>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <new>
#include <vector>

namespace weft {

/// Lies in front of small memory, or beside a mapping.
struct alignas(64) Buffer::Block {
  std::atomic<int> handles{1};
  int size_class = 0;
  bool mapped = false;
  bool pooled = true;
  size_t capacity = 0;
  size_t mapping_bytes = 0;
  void* mapping = nullptr;
  void* data = nullptr;
};

namespace {

constexpr size_t kMapped = size_t{4} << 20;
constexpr size_t kHugePage = size_t{2} << 20;
constexpr size_t kLargestPooled = size_t{64} << 20;
constexpr size_t kPoolLimit = size_t{512} << 20;
constexpr int kClasses = 4 * 64;

/// Four classes between two powers of two: at most a quarter is wasted.
int class_of(size_t bytes) {
  const size_t n = std::max<size_t>(bytes, 256) - 1;
  const int top = std::bit_width(n) - 1;
  return 4 * top + static_cast<int>((n >> (top - 2)) & 3);
}
size_t class_capacity(int size_class) {
  const int top = size_class / 4;
  return (size_t{1} << top) + (static_cast<size_t>(size_class % 4 + 1) << (top - 2));
}

void map_block(Buffer::Block& block, size_t bytes) {
  block.mapping_bytes = (bytes + 2 * kHugePage - 1) / kHugePage * kHugePage;
  block.mapping = mmap(nullptr, block.mapping_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (block.mapping == MAP_FAILED) {
    std::free(&block);
    throw std::bad_alloc();
  }
  const auto start = (reinterpret_cast<uintptr_t>(block.mapping) + kHugePage - 1) & ~(kHugePage - 1);
  block.data = reinterpret_cast<void*>(start);
  // A hint: without huge pages everything works, a little slower.
  madvise(block.data, bytes, MADV_HUGEPAGE);
}

Buffer::Block* make_block(size_t bytes, int size_class, bool pooled) {
  const bool mapped = bytes >= kMapped;
  void* memory = std::aligned_alloc(64, sizeof(Buffer::Block) + (mapped ? 0 : (bytes + 63) / 64 * 64));
  if (memory == nullptr) throw std::bad_alloc();
  auto* block = new (memory) Buffer::Block();
  block->size_class = size_class;
  block->capacity = bytes;
  block->mapped = mapped;
  block->pooled = pooled;
  if (mapped) {
    map_block(*block, bytes);
  } else {
    block->data = static_cast<char*>(memory) + sizeof(Buffer::Block);
  }
  return block;
}

void free_block(Buffer::Block* block) {
  if (block->mapped) munmap(block->mapping, block->mapping_bytes);
  std::free(block);
}

/// The blocks a thread has dropped and may take again: malloc's thread cache, for large aligned blocks.
class Pool {
 public:
  ~Pool() {
    ended() = true;
    for (auto& blocks : free_) {
      for (Buffer::Block* block : blocks) free_block(block);
    }
  }
  static Pool& of_thread() {
    thread_local Pool pool;
    return pool;
  }
  /// True once the thread's pool is gone: buffers that outlive it free themselves.
  static bool& ended() {
    thread_local bool ended = false;
    return ended;
  }
  Buffer::Block* take(int size_class) {
    auto& blocks = free_[static_cast<size_t>(size_class)];
    if (blocks.empty()) return nullptr;
    Buffer::Block* block = blocks.back();
    blocks.pop_back();
    bytes_ -= block->capacity;
    block->handles.store(1, std::memory_order_relaxed);
    return block;
  }
  bool give(Buffer::Block* block) {
    if (bytes_ + block->capacity > kPoolLimit) return false;
    free_[static_cast<size_t>(block->size_class)].push_back(block);
    bytes_ += block->capacity;
    return true;
  }

 private:
  std::vector<Buffer::Block*> free_[kClasses];
  size_t bytes_ = 0;
};

}  // namespace

Buffer::Buffer(size_t bytes) {
  const int size_class = class_of(bytes);
  const size_t capacity = class_capacity(size_class);
  const bool pooled = capacity <= kLargestPooled && !Pool::ended();
  if (pooled) block_ = Pool::of_thread().take(size_class);
  if (block_ == nullptr) block_ = make_block(pooled ? capacity : std::max<size_t>(bytes, 64), size_class, pooled);
}

Buffer Buffer::zeros(size_t bytes) {
  Buffer buffer;
  buffer.block_ = make_block(std::max<size_t>(bytes, 64), 0, false);
  if (!buffer.block_->mapped) std::memset(buffer.block_->data, 0, buffer.block_->capacity);
  return buffer;
}

Buffer::Buffer(const Buffer& other) : block_(other.block_) {
  if (block_ != nullptr) block_->handles.fetch_add(1, std::memory_order_relaxed);
}

Buffer::~Buffer() {
  if (block_ == nullptr || block_->handles.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  if (!block_->pooled || Pool::ended() || !Pool::of_thread().give(block_)) free_block(block_);
}

void* Buffer::data() const {
  return block_ == nullptr ? nullptr : block_->data;
}
size_t Buffer::capacity() const {
  return block_ == nullptr ? 0 : block_->capacity;
}

void Buffer::renew(size_t bytes) {
  // Who dropped the last other handle has written and read what it wanted before.
  if (block_ != nullptr && block_->capacity >= bytes && block_->handles.load(std::memory_order_acquire) == 1) return;
  *this = Buffer(bytes);
}

void Buffer::release_pages(size_t offset, size_t bytes) const {
  if (block_ == nullptr || !block_->mapped) return;
  const size_t first = (offset + kHugePage - 1) / kHugePage * kHugePage;
  const size_t last = (offset + bytes) / kHugePage * kHugePage;
  if (first < last) madvise(static_cast<char*>(block_->data) + first, last - first, MADV_DONTNEED);
}

TEST_CASE("buffer: classes cover what was asked for and waste at most a quarter") {
  for (size_t bytes = 1; bytes < 100000; bytes = bytes * 9 / 8 + 1) {
    const size_t capacity = class_capacity(class_of(bytes));
    CHECK(capacity >= bytes);
    if (bytes >= 256) CHECK(capacity <= bytes + bytes / 4 + 1);
  }
}

TEST_CASE("buffer: is aligned, comes back from the pool, and handles share bytes") {
  const void* first = nullptr;
  {
    Buffer a(1000);
    CHECK(reinterpret_cast<uintptr_t>(a.data()) % 64 == 0);
    CHECK(a.capacity() >= 1000);
    first = a.data();
    const Buffer b = a;
    CHECK(b.data() == a.data());
    a = Buffer();
    CHECK(b.data() == first);
  }
  CHECK(Buffer(1000).data() == first);
}

TEST_CASE("buffer: renewed, it keeps its memory only if that is large enough and its own") {
  Buffer a(1000);
  const void* first = a.data();
  a.renew(500);
  CHECK(a.data() == first);
  const Buffer b = a;
  a.renew(500);
  CHECK(a.data() != first);
  CHECK(b.data() == first);
  a.renew(100000);
  CHECK(a.capacity() >= 100000);
  Buffer none;
  none.renew(10);
  CHECK(none.capacity() >= 10);
}

TEST_CASE("buffer: large ones start on a huge page; zeros are zeros and can be released") {
  const Buffer big = Buffer::zeros(size_t{9} << 20);
  CHECK(reinterpret_cast<uintptr_t>(big.data()) % kHugePage == 0);
  CHECK(std::all_of(big.as<char>(), big.as<char>() + big.capacity(), [](char c) { return c == 0; }));
  std::memset(big.data(), 1, big.capacity());
  big.release_pages(1, (size_t{6} << 20) - 1);
  CHECK(big.as<char>()[0] == 1);
  CHECK(big.as<char>()[size_t{2} << 20] == 0);
  CHECK(big.as<char>()[size_t{6} << 20] == 1);
}

}  // namespace weft
