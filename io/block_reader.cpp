// BlockReader: blocks are filled one after another and found again when their last holder is gone.
#include <weft/io/block_reader.h>

#include <algorithm>
#include <cstring>

namespace weft {
namespace {

constexpr size_t kBlockSize = size_t{1} << 20;

}  // namespace

bool BlockReader::Block::idle() const {
  if (bytes.use_count() != 2) return false;
  // What the last holder read, it read before we write: giving a handle back is an acquire of the count, which
  // use_count() is not. (A fence would do, but the thread sanitizer does not follow fences.)
  std::shared_ptr<const void>(owner).reset();
  return true;
}

void BlockReader::open(const std::string& path, Compression compression) {
  source_ = RecordSource(path, compression);
  block_ = nullptr;
  begin_ = end_ = 0;
  ended_ = false;
}

bool BlockReader::fill(size_t need) {
  while (unread() < need && !ended_) {
    if (block_ == nullptr || end_ == block_->capacity) change_block(need);
    const size_t room = block_->capacity - end_;
    const size_t got = source_.read(block_->bytes.get() + end_, room);
    end_ += got;
    ended_ = got < room;
  }
  return unread() >= need;
}

void BlockReader::change_block(size_t need) {
  const size_t have = unread();
  Block* next = idle_block(std::max(kBlockSize, std::min(need, 2 * have + kBlockSize)));
  if (have > 0) std::memmove(next->bytes.get(), block_->bytes.get() + begin_, have);
  block_ = next;
  begin_ = 0;
  end_ = have;
}

BlockReader::Block* BlockReader::idle_block(size_t capacity) {
  for (auto& candidate : blocks_)
    if (candidate->capacity >= capacity && candidate->idle()) return candidate.get();
  return blocks_.emplace_back(std::make_unique<Block>(capacity)).get();
}

}  // namespace weft
