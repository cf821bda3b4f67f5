// A TensorFlow checkpoint read: from the index to the bytes of any rows, joined from slices where there are.
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/io/crc32c.h>
#include <weft/io/example_wire.h>
#include <weft/io/formats/checkpoint_path.h>
#include <weft/io/formats/table_file.h>
#include <weft/io/formats/tensor_bundle.h>
#include <weft/io/formats/tensor_bundle_entry.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

namespace weft {
namespace {

using bundle::Entry;

// Every pair of slices is compared; TensorFlow's partitioners make no more than one per parameter server.
constexpr size_t kMostSlices = 4096;

// Bytes that lie in a shard: those of a tensor or of a slice, with the place of the slice in its tensor.
struct Part {
  std::string name;
  Entry entry;
  std::vector<int64_t> start;
  std::vector<int64_t> shape;
};

struct BundleTensor {
  TensorInfo info;
  std::vector<Part> parts;  // one, or the slices
};

int64_t product(const std::vector<int64_t>& shape, size_t from) {
  int64_t size = 1;
  for (size_t axis = from; axis < shape.size(); ++axis) size *= shape[axis];
  return size;
}

// Numbers of a shape, or nothing if it can't be.
std::optional<int64_t> size_of_shape(const std::vector<int64_t>& shape) {
  int64_t size = 1, most = 1;
  for (const int64_t extent : shape) {
    if (extent < 0 || __builtin_mul_overflow(most, std::max<int64_t>(extent, 1), &most)) return std::nullopt;
    size *= extent;
  }
  return most > INT64_MAX / 16 ? std::nullopt : std::optional(size);
}

bool overlap(const Part& a, const Part& b) {
  for (size_t axis = 0; axis < a.start.size(); ++axis) {
    if (a.start[axis] + a.shape[axis] <= b.start[axis] || b.start[axis] + b.shape[axis] <= a.start[axis]) return false;
  }
  return true;
}

// The files of the data, opened when they are needed, and the check sums as far as they have been read.
class Shards {
 public:
  Shards(std::string prefix, int64_t count) : prefix_(std::move(prefix)), count_(count) {}

  [[noreturn]] void fail(const Part& part, const std::string& what) const {
    throw DataError(fmt::format("[TensorBundle] TensorBundle at {} shard {} ({} bytes): '{}': {}.", prefix_,
                                part.entry.shard, part.entry.size, part.name, what));
  }

  /// Bytes of a part from an offset in it.
  void read(const Part& part, uint64_t offset, std::span<std::byte> out) {
    const RandomAccessFile& file = checked_file(part);
    file.read(static_cast<uint64_t>(part.entry.offset) + offset, out);
    verify(part, offset, out);
  }

  std::string read_all(const Part& part) {
    return checked_file(part).read(static_cast<uint64_t>(part.entry.offset), static_cast<uint64_t>(part.entry.size));
  }

  void compare(const Part& part, uint32_t crc) const {
    if (mask_crc(crc) == part.entry.masked_crc) return;
    const uint32_t stored = std::rotl(part.entry.masked_crc - 0xa282ead8u, 15);
    fail(part, fmt::format("Checksum does not match: stored {} vs. calculated on the restored bytes {}", stored, crc));
  }

 private:
  struct Sum {
    uint64_t bytes = 0;
    uint32_t crc = 0;
  };

  const RandomAccessFile& checked_file(const Part& part) {
    const RandomAccessFile& file = open(part.entry.shard);
    const auto offset = static_cast<uint64_t>(part.entry.offset), size = static_cast<uint64_t>(part.entry.size);
    if (offset > file.size() || size > file.size() - offset) {
      fail(part, fmt::format("{} has {} bytes, expected {} from offset {}. The file is cut short or damaged",
                             file.path(), file.size(), size, offset));
    }
    return file;
  }

  const RandomAccessFile& open(int64_t shard) {
    const std::lock_guard lock(mutex_);
    auto found = files_.find(shard);
    if (found == files_.end()) {
      found = files_.try_emplace(shard, fmt::format("{}.data-{:05}-of-{:05}", prefix_, shard, count_)).first;
    }
    return found->second;
  }

  // The sum goes on where the last read of the part ended; any other read but the first leaves it.
  void verify(const Part& part, uint64_t offset, std::span<const std::byte> bytes) {
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    Sum sum;
    {
      const std::lock_guard lock(mutex_);
      if (offset != 0) sum = sums_[&part];
      if (sum.bytes != offset) return;
    }
    sum.crc = extend_crc32c(sum.crc, text);
    sum.bytes += bytes.size();
    if (sum.bytes == static_cast<uint64_t>(part.entry.size)) compare(part, sum.crc);
    const std::lock_guard lock(mutex_);
    sums_[&part] = sum;
  }

  std::string prefix_;
  int64_t count_;
  std::mutex mutex_;
  std::map<int64_t, RandomAccessFile> files_;
  std::map<const Part*, Sum> sums_;
};

// From the entries of the index to tensors.
class Index {
 public:
  explicit Index(std::string prefix) : path_(prefix + ".index"), entries_(read_table(RandomAccessFile(path_))) {
    if (entries_.empty() || !entries_[0].key.empty()) fail("", "it has no header");
    const auto header = bundle::parse_header(entries_[0].value);
    if (!header || header->shards < 1) fail("", "its header is damaged");
    if (header->big_endian) fail("", "it was written on a big-endian machine, expected a little-endian one's");
    if (header->min_consumer > 1) fail("", "it was written for newer versions of TensorFlow");
    shards_ = header->shards;
  }

  int64_t shards() const { return shards_; }

  std::vector<BundleTensor> tensors() const {
    std::vector<BundleTensor> out;
    for (const TableEntry& entry : entries_) {
      if (!entry.key.empty() && entry.key[0] != '\0') out.push_back(tensor(entry));
    }
    return out;
  }

 private:
  [[noreturn]] void fail(const std::string& name, const std::string& what) const {
    throw DataError(fmt::format("[TensorBundle] {}: {}{}. The file is damaged or of a version that weft doesn't know.",
                                path_, name.empty() ? "" : "'" + name + "': ", what));
  }

  Entry parse(const std::string& name, const std::string& bytes) const {
    auto entry = bundle::parse_entry(bytes);
    if (!entry) fail(name, "its entry is damaged");
    if (entry->unknown_rank || !size_of_shape(entry->shape)) fail(name, "its shape can't be");
    return std::move(*entry);
  }

  BundleTensor tensor(const TableEntry& at) const {
    Entry entry = parse(at.key, at.value);
    BundleTensor out{.info = {at.key, bundle::type_of(entry.dtype), entry.shape}, .parts = {}};
    if (!entry.slices.empty()) return with_slices(std::move(out), entry);
    const std::vector<int64_t> shape = entry.shape;
    out.parts.push_back({at.key, std::move(entry), std::vector<int64_t>(shape.size(), 0), shape});
    check(out.parts[0], out.info.type);
    return out;
  }

  BundleTensor with_slices(BundleTensor out, const Entry& whole) const {
    const std::string& name = out.info.name;
    if (size_of(out.info.type) == 0) fail(name, "it is partitioned and has no numbers");
    if (whole.slices.size() > kMostSlices) fail(name, fmt::format("it has more than {} slices", kMostSlices));
    int64_t numbers = 0;
    for (const bundle::Slice& slice : whole.slices) {
      out.parts.push_back(slice_part(out.info, whole, slice));
      for (size_t other = 0; other + 1 < out.parts.size(); ++other) {
        if (overlap(out.parts[other], out.parts.back())) fail(name, "two of its slices overlap");
      }
      numbers += product(out.parts.back().shape, 0);
    }
    if (numbers != out.info.size()) {
      fail(name, fmt::format("its slices have {} numbers, expected {}", numbers, out.info.size()));
    }
    return out;
  }

  Part slice_part(const TensorInfo& info, const Entry& whole, const bundle::Slice& slice) const {
    const auto fits = [&](size_t axis) {
      const bundle::Extent& e = slice[axis];
      const int64_t extent = info.shape[axis];
      if (e.length == -1) return e.start == 0;
      return e.start >= 0 && e.length > 0 && e.start <= extent && e.length <= extent - e.start;
    };
    if (slice.size() != info.shape.size() || slice.empty()) fail(info.name, "a slice has another rank");
    const std::string key = bundle::slice_key(info.name, slice);
    const auto at = std::ranges::lower_bound(entries_, key, {}, &TableEntry::key);
    if (at == entries_.end() || at->key != key) fail(info.name, "a slice is not in the index");
    Part part{info.name, parse(info.name, at->value), {}, {}};
    for (size_t axis = 0; axis < slice.size(); ++axis) {
      if (!fits(axis)) fail(info.name, "a slice lies outside");
      part.start.push_back(slice[axis].start);
      part.shape.push_back(slice[axis].length == -1 ? info.shape[axis] : slice[axis].length);
    }
    if (part.entry.shape != part.shape || part.entry.dtype != whole.dtype || !part.entry.slices.empty()) {
      fail(info.name, "a slice has another shape or type than its entry");
    }
    check(part, info.type);
    return part;
  }

  void check(const Part& part, TensorType type) const {
    const Entry& entry = part.entry;
    if (entry.shard < 0 || entry.shard >= shards_ || entry.offset < 0 || entry.size < 0) {
      fail(part.name, fmt::format("it lies in shard {} of {} at {}, {} bytes long", entry.shard, shards_, entry.offset,
                                  entry.size));
    }
    const int64_t bytes = product(part.shape, 0) * static_cast<int64_t>(size_of(type));
    if (size_of(type) > 0 && bytes != entry.size) {
      fail(part.name, fmt::format("it has {} bytes, expected {} for its shape", entry.size, bytes));
    }
  }

  std::string path_;
  std::vector<TableEntry> entries_;
  int64_t shards_ = 0;
};

class Bundle {
 public:
  explicit Bundle(const std::string& prefix) : Bundle(prefix, Index(prefix)) {}

  const std::vector<BundleTensor>& tensors() const { return tensors_; }

  void read_rows(size_t i, int64_t first, int64_t count, std::span<std::byte> out) {
    const BundleTensor& tensor = tensors_[i];
    for (const Part& part : tensor.parts) {
      const int64_t start = part.start.empty() ? 0 : part.start[0], rows = part.shape.empty() ? 1 : part.shape[0];
      const int64_t begin = std::max(first, start), end = std::min(first + count, start + rows);
      if (begin < end) read_part(tensor.info, part, begin - start, end - begin, out, begin - first);
    }
  }

  // The lengths' sum is of their values as uint32 (uint64 beyond), and the tensor's sum goes on over what follows.
  std::vector<std::string> read_strings(size_t i) {
    const Part& part = tensors_[i].parts[0];
    if (tensors_[i].info.size() == 0 && part.entry.size == 0) return {};
    const std::string bytes = shards_.read_all(part);
    wire::Bytes in(bytes);
    const auto count = static_cast<uint64_t>(tensors_[i].info.size());
    if (count > in.size()) shards_.fail(part, fmt::format("no room for {} strings", count));
    std::vector<uint64_t> lengths(count);
    uint32_t crc = 0;
    for (uint64_t& length : lengths) {
      if (!wire::read_varint(in, length)) shards_.fail(part, "the length of a string is damaged");
      const std::string_view raw(reinterpret_cast<const char*>(&length), length > UINT32_MAX ? 8 : 4);
      crc = extend_crc32c(crc, raw);
    }
    if (in.size() < 4 || wire::load<uint32_t>(in.at) != mask_crc(crc)) {
      shards_.fail(part, "the check sum of the strings' lengths does not match");
    }
    crc = extend_crc32c(crc, {in.at, in.size()});
    in.at += 4;
    shards_.compare(part, crc);
    return strings(part, in, lengths);
  }

 private:
  Bundle(const std::string& prefix, const Index& index) : shards_(prefix, index.shards()), tensors_(index.tensors()) {}

  std::vector<std::string> strings(const Part& part, wire::Bytes in, const std::vector<uint64_t>& lengths) const {
    std::vector<std::string> out;
    for (const uint64_t length : lengths) {
      if (length > in.size()) shards_.fail(part, "a string is longer than what is there");
      out.emplace_back(in.at, length);
      in.at += length;
    }
    if (!in.empty()) shards_.fail(part, "bytes are left over after the strings");
    return out;
  }

  // Rows of a part, which start at row `to` of `out`, whose rows are the tensor's.
  void read_part(const TensorInfo& info, const Part& part, int64_t first, int64_t count, std::span<std::byte> out,
                 int64_t to) {
    const size_t number = size_of(info.type);
    const auto row = static_cast<size_t>(info.width()) * number;
    const size_t part_row = static_cast<size_t>(product(part.shape, 1)) * number;
    const auto offset = static_cast<uint64_t>(first) * part_row;
    if (part_row == row) {
      return shards_.read(part, offset, out.subspan(static_cast<size_t>(to) * row, static_cast<size_t>(count) * row));
    }
    std::vector<std::byte> bytes(static_cast<size_t>(count) * part_row);
    shards_.read(part, offset, bytes);
    for (size_t r = 0; r < static_cast<size_t>(count); ++r) {
      scatter(info, part, number, bytes.data() + r * part_row, out.data() + (static_cast<size_t>(to) + r) * row);
    }
  }

  // Copies a row of a part into the tensor's row: runs along the last axis, each to its place.
  static void scatter(const TensorInfo& info, const Part& part, size_t number, const std::byte* from, std::byte* to) {
    const size_t last = info.shape.size() - 1;
    const auto run = static_cast<size_t>(part.shape[last]) * number;
    const int64_t runs = last == 0 ? 1 : product(part.shape, 1) / part.shape[last];
    for (int64_t k = 0; k < runs; ++k, from += run) {
      int64_t rest = k, stride = info.shape[last], place = part.start[last];
      for (size_t axis = last - 1; axis > 0; --axis) {
        place += (part.start[axis] + rest % part.shape[axis]) * stride;
        rest /= part.shape[axis];
        stride *= info.shape[axis];
      }
      std::memcpy(to + static_cast<size_t>(place) * number, from, run);
    }
  }

  Shards shards_;
  std::vector<BundleTensor> tensors_;
};

}  // namespace

NamedTensors open_tensor_bundle(const std::string& path) {
  const std::string prefix = find_checkpoint(path);
  const auto loaded = std::make_shared<Bundle>(prefix);
  std::vector<TensorInfo> tensors;
  for (const BundleTensor& tensor : loaded->tensors()) tensors.push_back(tensor.info);
  return NamedTensors({.where = prefix,
                       .format = "TensorFlow checkpoint",
                       .tensors = std::move(tensors),
                       .read_rows = [loaded](size_t i, int64_t first, int64_t count,
                                             std::span<std::byte> out) { loaded->read_rows(i, first, count, out); },
                       .read_strings = [loaded](size_t i) { return loaded->read_strings(i); }});
}

}  // namespace weft
