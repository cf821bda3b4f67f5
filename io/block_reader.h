// BlockReader: the bytes of a file in large counted blocks, so that views into them outlive the reading.
#pragma once
#include <weft/io/tfrecord_source.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace weft {

//   block:  [handed out | unread | free]
//                     begin    end     capacity
// What must lie in one piece and does not fit into the rest of a block is moved to the start of the next one.

/// The part of a file that is not read yet, in one piece. A block is used again once nobody holds its owner any more.
/// Members throw what RecordSource throws.
class BlockReader {
 public:
  BlockReader(const std::string& path, Compression compression) : source_(path, compression) {}
  /// Goes on with another file from its start, in the memory of the blocks that nobody holds.
  void open(const std::string& path, Compression compression);

  const char* data() const { return block_ == nullptr ? nullptr : block_->bytes.get() + begin_; }
  size_t unread() const { return end_ - begin_; }
  /// Reads on until `need` bytes are unread; false if the file has fewer. data() changes. A block grows with what
  /// really arrives, so that a length that lies costs nothing.
  bool fill(size_t need);
  /// Hands out the next `bytes` <= unread() bytes.
  void skip(size_t bytes) { begin_ += bytes; }
  /// What keeps the bytes at data() alive when it is copied. Valid after a fill() that found bytes.
  const std::shared_ptr<const void>& owner() const { return block_->owner; }
  const RecordSource& source() const { return source_; }

 private:
  struct Block {
    std::shared_ptr<char[]> bytes;
    std::shared_ptr<const void> owner;  ///< the same, as it is handed out: 2 uses when nobody holds it
    size_t capacity = 0;
    explicit Block(size_t size) : bytes(std::make_shared_for_overwrite<char[]>(size)), owner(bytes), capacity(size) {}
    bool idle() const;
  };
  void change_block(size_t need);
  Block* idle_block(size_t capacity);

  RecordSource source_;
  std::vector<std::unique_ptr<Block>> blocks_;
  Block* block_ = nullptr;
  size_t begin_ = 0, end_ = 0;
  bool ended_ = false;
};

}  // namespace weft
