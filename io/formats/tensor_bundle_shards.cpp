// The shards of a TensorFlow checkpoint: bytes of its tensors, and their check sums.
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/io/crc32c.h>
#include <weft/io/formats/tensor_bundle_parts.h>

#include <algorithm>
#include <bit>
#include <string_view>

namespace weft::bundle {
namespace {

constexpr uint64_t kPieceBytes = uint64_t{1} << 20;

}  // namespace

void Shards::fail(const Part& part, const std::string& what) const {
  throw DataError(fmt::format("[TensorBundle] TensorBundle at {} shard {} ({} bytes): '{}': {}.", prefix_,
                              part.entry.shard, part.entry.size, part.name, what));
}

void Shards::read(const Part& part, uint64_t offset, std::span<std::byte> out) {
  const RandomAccessFile& file = checked_file(part);
  file.read(static_cast<uint64_t>(part.entry.offset) + offset, out);
  verify(part, offset, out);
}

std::string Shards::read_all(const Part& part) {
  return checked_file(part).read(static_cast<uint64_t>(part.entry.offset), static_cast<uint64_t>(part.entry.size));
}

void Shards::check(const Part& part) {
  const RandomAccessFile& file = checked_file(part);
  const auto begin = static_cast<uint64_t>(part.entry.offset), size = static_cast<uint64_t>(part.entry.size);
  uint32_t crc = 0;
  for (uint64_t done = 0; done < size; done += kPieceBytes) {
    crc = extend_crc32c(crc, file.read(begin + done, std::min(kPieceBytes, size - done)));
  }
  compare(part, crc);
}

void Shards::compare(const Part& part, uint32_t crc) const {
  if (mask_crc(crc) == part.entry.masked_crc) return;
  const uint32_t stored = std::rotl(part.entry.masked_crc - 0xa282ead8u, 15);
  fail(part, fmt::format("Checksum does not match: stored {} vs. calculated on the restored bytes {}", stored, crc));
}

const RandomAccessFile& Shards::checked_file(const Part& part) {
  const RandomAccessFile& file = open(part.entry.shard);
  const auto offset = static_cast<uint64_t>(part.entry.offset), size = static_cast<uint64_t>(part.entry.size);
  if (offset > file.size() || size > file.size() - offset) {
    fail(part, fmt::format("{} has {} bytes, expected {} from offset {}. The file is cut short or damaged", file.path(),
                           file.size(), size, offset));
  }
  return file;
}

const RandomAccessFile& Shards::open(int64_t shard) {
  const std::lock_guard lock(mutex_);
  auto found = files_.find(shard);
  if (found == files_.end()) {
    found = files_.try_emplace(shard, fmt::format("{}.data-{:05}-of-{:05}", prefix_, shard, count_)).first;
  }
  return found->second;
}

// The sum goes on where the last read of the part ended; any other read but the first leaves it.
void Shards::verify(const Part& part, uint64_t offset, std::span<const std::byte> bytes) {
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

}  // namespace weft::bundle
