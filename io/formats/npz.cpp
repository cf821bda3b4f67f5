// open_npy, open_npz, write_npz: the numbers of arrays, from a file or from a zip archive's members.
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/io/formats/npy.h>
#include <weft/io/formats/number_conversion.h>
#include <weft/io/formats/tensor_bytes.h>
#include <weft/io/formats/tensor_pieces.h>
#include <weft/io/formats/zip_archive.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

namespace weft {
namespace {

constexpr uint64_t kLargestHeader = uint64_t{1} << 20;

using ReadBytes = std::function<void(uint64_t offset, std::span<std::byte> out)>;

/// An array of a file or a member, `total` bytes of it.
struct Array {
  NpyHeader header;
  TensorInfo info;
};

/// `where` is the path, with the member's name if there is one.
Array read_array(const ReadBytes& read, uint64_t total, const std::string& name, const std::string& path,
                 const std::string& where) {
  std::string start(std::min<uint64_t>(total, 12), '\0');
  read(0, std::as_writable_bytes(std::span(start)));
  const size_t known = start.size();
  start.resize(std::max<uint64_t>(known, std::min({total, npy_header_size(start, where), kLargestHeader})));
  read(known, std::as_writable_bytes(std::span(start)).subspan(known));
  Array array{parse_npy_header(start, where), {}};
  array.info = {.name = name, .type = array.header.type, .shape = array.header.shape};
  const auto bytes = tensor_bytes(array.info);
  if (!bytes || (array.info.type != TensorType::other && *bytes != total - array.header.size)) {
    throw DataError(fmt::format("[open_npy] {}: '{}' has {} bytes of numbers, expected what its shape takes.", path,
                                name, total - array.header.size));
  }
  return array;
}

void reverse_bytes(std::span<std::byte> numbers, size_t size) {
  for (size_t i = 0; i + size <= numbers.size(); i += size) std::ranges::reverse(numbers.subspan(i, size));
}

/// Fortran's order: for each place in a row, that number of all rows. The places run with the first axis fastest.
void read_columns(const Array& array, const ReadBytes& read, int64_t first, int64_t count, std::span<std::byte> out) {
  const size_t number = size_of(array.info.type);
  const auto rows = static_cast<uint64_t>(array.info.rows()), width = static_cast<uint64_t>(array.info.width());
  std::vector<int64_t> place(array.info.shape.size(), 0);
  std::vector<std::byte> column(static_cast<size_t>(count) * number);
  for (uint64_t from = 0; from < width; ++from) {
    size_t to = 0;
    for (size_t axis = 1; axis < place.size(); ++axis) {
      to = to * static_cast<size_t>(array.info.shape[axis]) + static_cast<size_t>(place[axis]);
    }
    read(array.header.size + (from * rows + static_cast<uint64_t>(first)) * number, column);
    for (size_t row = 0; row < static_cast<size_t>(count); ++row) {
      std::memcpy(out.data() + (row * width + to) * number, column.data() + row * number, number);
    }
    for (size_t axis = 1; axis < place.size() && ++place[axis] == array.info.shape[axis]; ++axis) place[axis] = 0;
  }
}

void read_rows(const Array& array, const ReadBytes& read, int64_t first, int64_t count, std::span<std::byte> out) {
  if (array.header.fortran_order && array.info.shape.size() > 1) {
    read_columns(array, read, first, count, out);
  } else {
    read(array.header.size + static_cast<uint64_t>(first) * row_bytes(array.info), out);
  }
  if (array.header.big_endian) reverse_bytes(out, size_of(array.info.type));
}

/// The arrays of an archive, and what is known of their bytes.
class Npz {
 public:
  explicit Npz(const std::string& path) : archive_(path) {
    for (const ZipMember& member : archive_.members()) add(member);
  }

  std::vector<TensorInfo> tensors() const {
    std::vector<TensorInfo> tensors;
    for (const Array& array : arrays_) tensors.push_back(array.info);
    return tensors;
  }

  void read(size_t i, int64_t first, int64_t count, std::span<std::byte> out) {
    const ZipMember& member = archive_.members()[i];
    if (member.compressed) {
      const std::lock_guard lock(mutex_);
      if (!inflater_ || inflated_ != i) inflater_.emplace(archive_.inflater(member));
      inflated_ = i;
      const auto from = [&](uint64_t offset, std::span<std::byte> to) { inflater_->read(offset, to); };
      read_rows(arrays_[i], from, first, count, out);
    } else {
      archive_.verify(member);
      const auto from = [&](uint64_t offset, std::span<std::byte> to) { archive_.read(member, offset, to); };
      read_rows(arrays_[i], from, first, count, out);
    }
  }

 private:
  void add(const ZipMember& member) {
    Array array;
    array.info = {.name = member.name, .type = TensorType::other, .shape = {}};
    if (member.name.ends_with(".npy")) {
      const std::string name = member.name.substr(0, member.name.size() - 4);
      const std::string where = archive_.path() + ", " + member.name;
      std::optional<ZipInflater> inflater;
      if (member.compressed) inflater.emplace(archive_.inflater(member));
      const auto from = [&](uint64_t offset, std::span<std::byte> to) {
        inflater ? inflater->read(offset, to) : archive_.read(member, offset, to);
      };
      array = read_array(from, member.size, name, archive_.path(), where);
    }
    arrays_.push_back(std::move(array));
  }

  ZipArchive archive_;
  std::vector<Array> arrays_;  // as the members
  std::mutex mutex_;
  std::optional<ZipInflater> inflater_;  // of member inflated_
  size_t inflated_ = 0;
};

void write_array(ZipWriter& writer, const NamedTensors& tensors, const TensorInfo& info) {
  const bool widened = info.type == TensorType::bfloat16;
  const TensorType type = widened ? TensorType::float32 : info.type;
  const std::string header = npy_header(type, info.shape);
  const uint64_t size = tensor_bytes({.name = {}, .type = type, .shape = info.shape}).value();
  writer.begin(info.name + ".npy", header.size() + size);
  writer.write(header);
  std::vector<float> floats;
  for_each_piece(tensors, info, [&](const TensorPiece& piece) {
    std::span<const std::byte> bytes = piece.bytes;
    if (widened) {
      floats.resize(bytes.size() / size_of(info.type));
      to_floats(info.type, bytes, floats);
      bytes = std::as_bytes(std::span(floats));
    }
    writer.write({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  });
}

}  // namespace

NamedTensors open_npy(const std::string& path) {
  const auto file = std::make_shared<const RandomAccessFile>(path);
  const auto read = [file](uint64_t offset, std::span<std::byte> to) { file->read(offset, to); };
  const Array array = read_array(read, file->size(), "array", path, path);
  return NamedTensors({.where = path,
                       .format = "npy",
                       .tensors = {array.info},
                       .read_rows = [read, array](size_t, int64_t first, int64_t count, std::span<std::byte> out) {
                         read_rows(array, read, first, count, out);
                       }});
}

NamedTensors open_npz(const std::string& path) {
  const auto npz = std::make_shared<Npz>(path);
  return NamedTensors({.where = path,
                       .format = "npz",
                       .tensors = npz->tensors(),
                       .read_rows = [npz](size_t i, int64_t first, int64_t count, std::span<std::byte> out) {
                         npz->read(i, first, count, out);
                       }});
}

void write_npz(const std::string& path, const NamedTensors& tensors) {
  for (const TensorInfo& info : tensors.tensors()) {
    if (size_of(info.type) == 0) {
      throw DataError(fmt::format("[write_npz] {}: '{}' is of type {}, expected numbers. Leave the tensor out.",
                                  tensors.where(), info.name, to_string(info.type)));
    }
  }
  ZipWriter writer(path);
  for (const TensorInfo& info : tensors.tensors()) write_array(writer, tensors, info);
  writer.commit();
}

}  // namespace weft
