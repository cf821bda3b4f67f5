// The index of a TensorFlow checkpoint: from its entries to tensors and the places of their bytes.
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/io/formats/table_file.h>
#include <weft/io/formats/tensor_bundle_parts.h>

#include <algorithm>
#include <optional>

namespace weft::bundle {
namespace {

// Every pair of slices is compared; TensorFlow's partitioners make no more than one per parameter server.
constexpr size_t kMostSlices = 4096;

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

// From the entries of the index to tensors.
class Reader {
 public:
  explicit Reader(const std::string& prefix) : path_(prefix + ".index"), entries_(read_table(RandomAccessFile(path_))) {
    if (entries_.empty() || !entries_[0].key.empty()) fail("", "it has no header");
    const auto header = parse_header(entries_[0].value);
    if (!header || header->shards < 1) fail("", "its header is damaged");
    if (header->big_endian) fail("", "it was written on a big-endian machine, expected a little-endian one's");
    if (header->min_consumer > 1) fail("", "it was written for newer versions of TensorFlow");
    shards_ = header->shards;
  }

  int64_t shards() const { return shards_; }

  std::vector<StoredTensor> tensors() const {
    std::vector<StoredTensor> out;
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
    auto entry = parse_entry(bytes);
    if (!entry) fail(name, "its entry is damaged");
    if (entry->unknown_rank || !size_of_shape(entry->shape)) fail(name, "its shape can't be");
    return std::move(*entry);
  }

  StoredTensor tensor(const TableEntry& at) const {
    Entry entry = parse(at.key, at.value);
    StoredTensor out{.info = {at.key, type_of(entry.dtype), entry.shape}, .parts = {}};
    if (!entry.slices.empty()) return with_slices(std::move(out), entry);
    const std::vector<int64_t> shape = entry.shape;
    out.parts.push_back({at.key, std::move(entry), std::vector<int64_t>(shape.size(), 0), shape});
    check(out.parts[0], out.info.type);
    return out;
  }

  StoredTensor with_slices(StoredTensor out, const Entry& whole) const {
    const std::string& name = out.info.name;
    if (size_of(out.info.type) == 0) fail(name, "it is partitioned and has no numbers");
    if (whole.slices.size() > kMostSlices) fail(name, fmt::format("it has more than {} slices", kMostSlices));
    int64_t numbers = 0;
    for (const Slice& slice : whole.slices) {
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

  Part slice_part(const TensorInfo& info, const Entry& whole, const Slice& slice) const {
    const auto fits = [&](size_t axis) {
      const Extent& e = slice[axis];
      const int64_t extent = info.shape[axis];
      if (e.length == -1) return e.start == 0;
      return e.start >= 0 && e.length > 0 && e.start <= extent && e.length <= extent - e.start;
    };
    if (slice.size() != info.shape.size() || slice.empty()) fail(info.name, "a slice has another rank");
    const std::string key = slice_key(info.name, slice);
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

}  // namespace

int64_t product(const std::vector<int64_t>& shape, size_t axis) {
  int64_t size = 1;
  for (; axis < shape.size(); ++axis) size *= shape[axis];
  return size;
}

Index read_index(const std::string& prefix) {
  const Reader reader(prefix);
  return {.shards = reader.shards(), .tensors = reader.tensors()};
}

}  // namespace weft::bundle
