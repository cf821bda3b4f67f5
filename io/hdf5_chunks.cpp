// What an array claims to hold, and what its chunks do: what is stored of each is inflated once, to count what comes
// out.
#include <weft/io/hdf5_body.h>

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <new>
#include <optional>
#include <utility>

namespace weft {
namespace hdf5 {
namespace {

/// Bytes that a zlib stream gives, at most `most` + 1 of them; nothing if it is none or does not end.
std::optional<uint64_t> inflated_size(const std::vector<char>& stored, uint64_t size, uint64_t most) {
  z_stream stream = {};
  if (inflateInit(&stream) != Z_OK) throw std::bad_alloc();
  std::array<Bytef, 1 << 16> out;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(stored.data()));  // which it doesn't write to
  uint64_t left = size;
  int status = Z_OK;
  while (status == Z_OK && stream.total_out <= most) {
    if (stream.avail_in == 0) {
      stream.avail_in = static_cast<uInt>(std::min<uint64_t>(left, 1 << 30));
      left -= stream.avail_in;
    }
    stream.next_out = out.data();
    stream.avail_out = out.size();
    status = inflate(&stream, Z_NO_FLUSH);
  }
  const uint64_t given = stream.total_out;
  inflateEnd(&stream);
  return status == Z_STREAM_END || given > most ? std::optional(given) : std::nullopt;
}

}  // namespace

CheckedChunks::CheckedChunks(hid_t dataset, hid_t made, uint64_t file_bytes, std::string path, std::string name)
    : path_(std::move(path)), name_(std::move(name)), file_bytes_(file_bytes) {
  const Id space(H5Dget_space(dataset), H5Sclose), type(H5Dget_type(dataset), H5Tclose);
  const int rank = H5Sget_simple_extent_ndims(space);
  if (rank < 1) fail("it has chunks and no axes");
  extents_.resize(static_cast<size_t>(rank));
  chunk_.resize(static_cast<size_t>(rank));
  H5Sget_simple_extent_dims(space, extents_.data(), nullptr);
  if (H5Pget_chunk(made, rank, chunk_.data()) != rank) fail("its chunks have other axes than it has");
  unsigned options = 0;
  if (H5Pget_chunk_opts(made, &options) < 0 || options != 0) fail("chunks at its edge are stored in another way");
  chunk_bytes_ = H5Tget_size(type);
  for (const hsize_t extent : chunk_)
    chunk_bytes_ *= extent;  // check_chunk() has seen that it is no more than it may be
  unsigned __int128 chunks = 1;
  for (size_t axis = 0; axis < chunk_.size(); ++axis) {
    chunks *= chunk_[axis] == 0 ? 0 : (extents_[axis] + chunk_[axis] - 1) / chunk_[axis];
    if (chunks > file_bytes_ || chunk_[axis] == 0) fail("it claims to have more chunks than the file can hold");
  }
  add_filters(made);
}

void CheckedChunks::fail(const std::string& what) const {
  data_error(path_, name_, what);
}

void CheckedChunks::add_filters(hid_t made) {
  const int count = H5Pget_nfilters(made);
  for (int i = 0; i < count; ++i) {
    unsigned flags = 0;
    size_t values = 0;
    filters_.push_back(H5Pget_filter2(made, static_cast<unsigned>(i), &flags, &values, nullptr, 0, nullptr, nullptr));
  }
  const auto deflate = std::ranges::find(filters_, H5Z_FILTER_DEFLATE);
  for (auto filter = filters_.begin(); filter != filters_.end(); ++filter) {
    const bool known =
        *filter == H5Z_FILTER_SHUFFLE || *filter == H5Z_FILTER_DEFLATE || *filter == H5Z_FILTER_FLETCHER32;
    if (!known) fail(fmt::format("it is stored with HDF5's filter {}, which is not read", *filter));
    if (filter > deflate && *filter != H5Z_FILTER_FLETCHER32) fail("its filters come in an order that nobody writes");
  }
}

void CheckedChunks::verify(hid_t dataset, hsize_t first, hsize_t count) {
  if (count == 0 || std::ranges::count(extents_, 0u) > 0) return;
  std::vector<hsize_t> offset(chunk_.size(), 0);
  for (offset[0] = first / chunk_[0] * chunk_[0]; offset[0] < first + count;) {
    verify_chunk(dataset, offset);
    size_t axis = offset.size() - 1;  // the last one runs fastest
    for (; axis > 0 && (offset[axis] += chunk_[axis]) >= extents_[axis]; --axis) offset[axis] = 0;
    if (axis == 0) offset[0] += chunk_[0];
  }
}

bool CheckedChunks::read(hid_t dataset, const std::vector<hsize_t>& offset, hsize_t size, uint32_t& skipped) {
  if (size > file_bytes_) fail("a chunk claims to be larger than the file");
  stored_.resize(std::max<hsize_t>(size, 1));
  return H5Dread_chunk(dataset, H5P_DEFAULT, offset.data(), &skipped, stored_.data()) >= 0;
}

void CheckedChunks::verify_chunk(hid_t dataset, const std::vector<hsize_t>& offset) {
  hsize_t size = 0;
  if (H5Dget_chunk_storage_size(dataset, offset.data(), &size) < 0) fail("can't find a chunk: " + reason());
  uint32_t skipped = 0;                                            // a bit a filter that this chunk was written without
  if (size == 0 && !read(dataset, offset, size, skipped)) return;  // never written
  if (!filters_.empty() && !read(dataset, offset, size, skipped)) fail("can't read: " + reason());
  uint64_t expected = chunk_bytes_, sums = 0;
  bool deflated = false;
  for (size_t i = 0; i < filters_.size(); ++i) {
    if (i < 32 && (skipped >> i & 1) != 0) continue;
    if (filters_[i] == H5Z_FILTER_DEFLATE) deflated = true;
    if (filters_[i] == H5Z_FILTER_FLETCHER32) (deflated ? sums : expected) += 4;
  }
  if (size < sums) fail("a chunk is shorter than its check sum");
  const auto got = deflated ? inflated_size(stored_, size - sums, expected) : size;
  if (got != expected) fail("a chunk is damaged: it gives another number of bytes than a chunk has");
}

}  // namespace hdf5

using namespace hdf5;

uint64_t Hdf5File::State::plausible_bytes(hid_t dataset, hid_t made, const std::string& name) const {
  const H5D_layout_t layout = H5Pget_layout(made);
  // Other files' bytes are not read on behalf of this one.
  if (H5Pget_external_count(made) != 0 || layout < H5D_COMPACT || layout > H5D_CHUNKED) {
    data_error(path, name, "its numbers lie outside of the file");
  }
  constexpr uint64_t kBestCompression = 1032;  // of deflate
  constexpr size_t kSlack = 4096;  // small arrays may lie in the header, several of them compressed in one block
  const uint64_t limit = (bytes + kSlack) * (H5Pget_nfilters(made) > 0 ? kBestCompression : 1);
  if (layout == H5D_CHUNKED) check_chunk(dataset, made, limit, name);
  return limit;
}

/// The library reads the numbers of an array that lies in its header without asking whether there are so many.
void Hdf5File::State::check_compact(hid_t dataset, hid_t made, uint64_t needed, const std::string& name) const {
  if (H5Pget_layout(made) == H5D_COMPACT && H5Dget_storage_size(dataset) < needed) {
    data_error(path, name, "it claims to have more numbers than its header holds");
  }
}

/// The library takes memory for a whole chunk.
void Hdf5File::State::check_chunk(hid_t dataset, hid_t made, uint64_t limit, const std::string& name) const {
  hsize_t extents[H5S_MAX_RANK] = {};
  const int rank = H5Pget_chunk(made, H5S_MAX_RANK, extents);
  const Id type(H5Dget_type(dataset), H5Tclose);
  unsigned __int128 size = std::max<size_t>(H5Tget_size(type), 1);
  for (int i = 0; i < rank; ++i) {
    size *= std::max<hsize_t>(extents[i], 1);
    if (size > limit) data_error(path, name, "its chunks claim to be larger than the file can hold");
  }
}

}  // namespace weft
