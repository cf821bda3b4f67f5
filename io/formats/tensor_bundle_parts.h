// The parts of a TensorFlow checkpoint: what the index says of its tensors, and the shards that hold their bytes.
#pragma once
#include <weft/io/formats/random_access_file.h>
#include <weft/io/formats/tensor_bundle_entry.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <vector>

namespace weft::bundle {

/// Bytes that lie in a shard: those of a tensor or of a slice, with the place of the slice in its tensor.
struct Part {
  std::string name;
  Entry entry;
  std::vector<int64_t> start;
  std::vector<int64_t> shape;
};

struct StoredTensor {
  TensorInfo info;
  std::vector<Part> parts;  ///< one, or the slices
};

/// Numbers in the axes of a shape from `axis` on.
int64_t product(const std::vector<int64_t>& shape, size_t axis);

struct Index {
  int64_t shards = 0;
  std::vector<StoredTensor> tensors;
};
/// Reads PREFIX.index whole and checks that the parts of every tensor make it up. Throws IoError, DataError.
Index read_index(const std::string& prefix);

/// The files of the data, opened when they are needed, and the check sums as far as they have been read.
class Shards {
 public:
  Shards(std::string prefix, int64_t count) : prefix_(std::move(prefix)), count_(count) {}

  [[noreturn]] void fail(const Part& part, const std::string& what) const;
  /// Bytes of a part from an offset in it. The part's sum is checked with its last bytes, if all were read in order.
  void read(const Part& part, uint64_t offset, std::span<std::byte> out);
  std::string read_all(const Part& part);
  /// Reads all of a part, a piece at a time, against its sum.
  void check(const Part& part);
  /// Fails if it is not the part's sum.
  void compare(const Part& part, uint32_t crc) const;

 private:
  struct Sum {
    uint64_t bytes = 0;
    uint32_t crc = 0;
  };
  const RandomAccessFile& checked_file(const Part& part);
  const RandomAccessFile& open(int64_t shard);
  void verify(const Part& part, uint64_t offset, std::span<const std::byte> bytes);

  std::string prefix_;
  int64_t count_;
  std::mutex mutex_;
  std::map<int64_t, RandomAccessFile> files_;
  std::map<const Part*, Sum> sums_;
};

}  // namespace weft::bundle
