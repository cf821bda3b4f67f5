// Table files of leveldb: sorted keys with their values, which is what the index of a TensorFlow checkpoint is.
#pragma once
#include <weft/io/formats/random_access_file.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

// A table file:
//
//   data blocks | filter block, not looked at | metaindex block, only its checksum is | index block | footer of 48
//   bytes
//
//   block:  contents, u8 compression (0 none, 1 snappy), u32 masked CRC-32C of contents and compression
//   contents: entries, u32 offsets of the entries whose key stands in full, u32 how many these are
//   entry:  varints: bytes shared with the key before it, further bytes, bytes of the value; then these bytes
//   footer: varints: offset and size of the metaindex and of the index block; zeros up to 40; u64 magic number
//
// The index block has an entry for each data block, whose value is its offset and size.

namespace weft {

struct TableEntry {
  std::string key;
  std::string value;
};

/// All entries, in the order of their keys. Throws DataError (path, offset): no table, a checksum that is wrong, keys
/// out of order, blocks that overlap or reach beyond the file.
std::vector<TableEntry> read_table(const RandomAccessFile& file);

/// A table file of entries whose keys ascend, without compression.
std::string table_bytes(const std::vector<TableEntry>& entries);

/// The bytes that snappy compressed. Throws DataError, with `where` in its text.
std::string snappy_uncompressed(std::string_view bytes, const std::string& where);

}  // namespace weft
