// A TensorFlow checkpoint read: the bytes of any rows, joined from slices where there are.
#include <fmt/format.h>
#include <weft/io/crc32c.h>
#include <weft/io/example_wire.h>
#include <weft/io/formats/checkpoint_path.h>
#include <weft/io/formats/tensor_bundle.h>
#include <weft/io/formats/tensor_bundle_parts.h>

#include <algorithm>
#include <cstring>
#include <memory>

namespace weft {
namespace {

using bundle::Part;
using bundle::product;
using bundle::StoredTensor;

// Types whose tensors lie in the file otherwise than end to end: their sums are not of the bytes alone.
constexpr int64_t kResource = 20, kVariant = 21;

class Bundle {
 public:
  explicit Bundle(const std::string& prefix) : Bundle(prefix, bundle::read_index(prefix)) {}

  const std::vector<StoredTensor>& tensors() const { return tensors_; }

  void read_rows(size_t i, int64_t first, int64_t count, std::span<std::byte> out) {
    const StoredTensor& tensor = tensors_[i];
    for (const Part& part : tensor.parts) {
      const int64_t start = part.start.empty() ? 0 : part.start[0], rows = part.shape.empty() ? 1 : part.shape[0];
      const int64_t begin = std::max(first, start), end = std::min(first + count, start + rows);
      if (begin < end) read_part(tensor.info, part, begin - start, end - begin, out, begin - first);
    }
  }

  /// Of a type that can't be read.
  bool check_other(size_t i) {
    const Part& part = tensors_[i].parts[0];
    if (part.entry.dtype == kResource || part.entry.dtype == kVariant) return false;
    shards_.check(part);
    return true;
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
  Bundle(const std::string& prefix, bundle::Index index)
      : shards_(prefix, index.shards), tensors_(std::move(index.tensors)) {}

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

  bundle::Shards shards_;
  std::vector<StoredTensor> tensors_;
};

}  // namespace

NamedTensors open_tensor_bundle(const std::string& path) {
  const std::string prefix = find_checkpoint(path);
  const auto loaded = std::make_shared<Bundle>(prefix);
  std::vector<TensorInfo> tensors;
  for (const StoredTensor& tensor : loaded->tensors()) tensors.push_back(tensor.info);
  return NamedTensors({.where = prefix,
                       .format = "TensorFlow checkpoint",
                       .tensors = std::move(tensors),
                       .read_rows = [loaded](size_t i, int64_t first, int64_t count,
                                             std::span<std::byte> out) { loaded->read_rows(i, first, count, out); },
                       .read_strings = [loaded](size_t i) { return loaded->read_strings(i); },
                       .check_other = [loaded](size_t i) { return loaded->check_other(i); }});
}

}  // namespace weft
