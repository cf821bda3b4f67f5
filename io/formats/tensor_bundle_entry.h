// The entries of a TensorFlow checkpoint's index: BundleHeaderProto, BundleEntryProto and the keys of slices.
#pragma once
#include <weft/io/formats/named_tensors.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft::bundle {

/// The part of a tensor along an axis; a length of -1 is all of it (and start is 0).
struct Extent {
  int64_t start = 0;
  int64_t length = -1;
};
using Slice = std::vector<Extent>;

struct Header {
  int64_t shards = 1;
  bool big_endian = false;
  int64_t min_consumer = 0;
};

struct Entry {
  int64_t dtype = 0;  ///< TensorFlow's number of the type
  std::vector<int64_t> shape = {};
  bool unknown_rank = false;
  int64_t shard = 0;
  int64_t offset = 0;
  int64_t size = 0;
  uint32_t masked_crc = 0;
  std::vector<Slice> slices = {};  ///< of a partitioned variable, whose parts have entries of their own
};

/// Nothing if the bytes are no such message.
std::optional<Header> parse_header(std::string_view bytes);
std::optional<Entry> parse_entry(std::string_view bytes);

std::string header_bytes(const Header& header);
/// Without slices: weft writes whole tensors.
std::string entry_bytes(const Entry& entry);

/// The key of a slice's own entry (TensorFlow's EncodeTensorNameSlice).
std::string slice_key(std::string_view name, const Slice& slice);

/// TensorFlow's number of a type and back; `other` for those that weft can't read. Throws ValueError for `other`.
TensorType type_of(int64_t dtype);
int64_t dtype_of(TensorType type);

}  // namespace weft::bundle
