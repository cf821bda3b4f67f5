// Hdf5File: opened, listed, its groups and arrays made.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <weft/core/error.h>
#include <weft/core/shape.h>
#include <weft/io/hdf5_body.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace weft {

using namespace hdf5;

Id Hdf5File::State::object(const std::string& name) const {
  Id id(H5Oopen(file, name.c_str(), H5P_DEFAULT), H5Oclose);
  if (!id.valid()) data_error(path, name, "no such object, or its header is damaged: " + reason());
  return id;
}

Headers Hdf5File::State::headers() {
  const Id made(H5Fget_create_plist(file), H5Pclose);
  hsize_t before = 0;
  size_t place_bytes = 0, length_bytes = 0;
  if (H5Pget_userblock(made, &before) < 0 || H5Pget_sizes(made, &place_bytes, &length_bytes) < 0) {
    data_error(path, "/", reason());
  }
  if (place_bytes != 8 || length_bytes != 8) {
    data_error(path, "/", fmt::format("places of {} and lengths of {} bytes, expected 8", place_bytes, length_bytes));
  }
  if (!reader) reader.emplace(path);
  return {*reader, before};
}

uint64_t Hdf5File::State::header_of(hid_t id, const std::string& name) const {
#if H5_VERSION_GE(1, 12, 0)
  H5O_info1_t info = {};
  const herr_t got = H5Oget_info1(id, &info);
#else
  H5O_info_t info = {};
  const herr_t got = H5Oget_info2(id, &info, H5O_INFO_BASIC);
#endif
  if (got < 0) data_error(path, name, reason());
  return info.addr;
}

namespace {

/// From so many bytes on arrays begin at a block of the disk, and their bytes are written and read without the library.
constexpr int64_t kDirectBytes = 16 << 20;

bool is_large(const ArrayInfo& info) {
  constexpr double kMost = 0x1p46;  // more than files can have: the library says so when it is written
  double bytes = static_cast<double>(size_of(info.type));
  for (const int64_t extent : info.shape) bytes *= static_cast<double>(extent);
  return bytes >= static_cast<double>(kDirectBytes) && bytes <= kMost;
}

Id access_list() {
  Id access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  // The newer formats carry check sums over everything but the arrays' own numbers.
  H5Pset_libver_bounds(access, H5F_LIBVER_V110, H5F_LIBVER_LATEST);
  H5Pset_alignment(access, kDirectBytes, DirectWriter::kBlock);
#if H5_VERSION_GE(1, 10, 7)
  // Locks fail on some network file systems; a checkpoint is complete when it gets its name.
  H5Pset_file_locking(access, false, true);
#endif
  return access;
}

/// Throws IoError if the system doesn't let us read the file. Gives its size.
uint64_t readable_bytes(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat status {};
  const int error = descriptor < 0 || fstat(descriptor, &status) != 0 ? errno : S_ISDIR(status.st_mode) ? EISDIR : 0;
  if (descriptor >= 0) ::close(descriptor);
  if (error != 0) {
    throw IoError(fmt::format("[hdf5] {}: can't open: {}, expected an HDF5 file. Check the path and its permissions.",
                              path, std::strerror(error)));
  }
  return static_cast<uint64_t>(status.st_size);
}

}  // namespace

void Hdf5File::State::find_bytes(hid_t type, Hdf5Array::State& array) {
  const int64_t size = array.info.size() * static_cast<int64_t>(size_of(array.info.type));
  const bool as_in_memory = array.own_type.valid() || H5Tequal(type, memory_type(array.info.type)) > 0;
  if (!is_large(array.info) || !as_in_memory) return;
  const Id made(H5Dget_create_plist(array.dataset), H5Pclose), file_made(H5Fget_create_plist(file), H5Pclose);
  hsize_t before = 1;  // bytes of somebody else in front of the file
  if (H5Pget_layout(made) != H5D_CONTIGUOUS || H5Pget_userblock(file_made, &before) < 0 || before != 0) return;
  const haddr_t place = H5Dget_offset(array.dataset);
  const auto needed = static_cast<uint64_t>(size);
  if (place == HADDR_UNDEF || place > bytes || needed > bytes - place) return;
  if (!reader) reader.emplace(path);
  reader->expect_sequential();
  array.reader = &*reader;
  array.place = static_cast<int64_t>(place);
}

Hdf5File::Hdf5File(std::unique_ptr<State> state) : state_(std::move(state)) {}
Hdf5File::Hdf5File(Hdf5File&&) noexcept = default;
Hdf5File& Hdf5File::operator=(Hdf5File&&) noexcept = default;
Hdf5File::~Hdf5File() {
  if (state_ == nullptr) return;
  const Session session;
  state_.reset();
}

Hdf5File Hdf5File::open(const std::string& path) {
  auto state = std::make_unique<State>();
  state->path = path;
  state->bytes = readable_bytes(path);
  {
    const Session session;
    state->file = Id(H5Fopen(path.c_str(), H5F_ACC_RDONLY, access_list()), H5Fclose);
    if (!state->file.valid()) {
      throw DataError(
          fmt::format("[hdf5] {}: not an HDF5 file, or cut short: {} bytes. Check the path, or copy or "
                      "write the file again.",
                      path, state->bytes));
    }
  }
  return Hdf5File(std::move(state));
}

Hdf5File Hdf5File::create(const std::string& path, const std::string& final_path) {
  auto state = std::make_unique<State>();
  state->path = final_path.empty() ? path : final_path;
  {
    const Session session;
    const Id access = access_list();  // to close it would forget the reason
    state->file = Id(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access), H5Fclose);
    if (!state->file.valid()) write_error(state->path, "/");
  }
  state->direct = DirectWriter(path);
  return Hdf5File(std::move(state));
}

const std::string& Hdf5File::path() const {
  return state_->path;
}

void Hdf5File::close() {
  const Session session;
  if (H5Fflush(state_->file, H5F_SCOPE_GLOBAL) < 0 || state_->file.reset() < 0) write_error(state_->path, "/");
}

std::vector<Hdf5File::Member> Hdf5File::members(const std::string& group) const {
  const Session session;
  const Id id = state_->object(group);
  state_->headers().check_group(state_->header_of(id, group), group);
  std::vector<std::string> names;
  const auto add = [](hid_t, const char* name, const H5L_info_t* link, void* out) -> herr_t {
    try {
      if (link->type == H5L_TYPE_HARD) static_cast<std::vector<std::string>*>(out)->emplace_back(name);
      return 0;
    } catch (const std::bad_alloc&) {
      return -1;  // an exception must not pass through the C library
    }
  };
  // In the order of the file, sorted here: to sort, HDF5 1.10 makes a table, which it can't release if a link is
  // damaged.
  if (H5Literate(id, H5_INDEX_NAME, H5_ITER_NATIVE, nullptr, add, &names) < 0)
    data_error(state_->path, group, reason());
  std::ranges::sort(names);
  std::vector<Member> members;
  for (std::string& name : names) {
    const Id member(H5Oopen(id, name.c_str(), H5P_DEFAULT), H5Oclose);
    const H5I_type_t kind = member.valid() ? H5Iget_type(member) : H5I_BADID;
    if (kind == H5I_BADID) data_error(state_->path, group + "/" + name, reason());
    if (kind == H5I_GROUP || kind == H5I_DATASET) members.push_back({std::move(name), kind == H5I_GROUP});
  }
  return members;
}

bool Hdf5File::contains(const std::string& object) const {
  const Session session;
  return object == "/" || H5Oexists_by_name(state_->file, object.c_str(), H5P_DEFAULT) > 0;
}

void Hdf5File::make_group(const std::string& group) {
  const Session session;
  const Id id(H5Gcreate2(state_->file, group.c_str(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), H5Gclose);
  if (!id.valid()) write_error(state_->path, group);
}

std::unique_ptr<Hdf5Array::State> Hdf5File::State::make_array(const ArrayInfo& info, hid_t made) {
  const std::vector<hsize_t> extent(info.shape.begin(), info.shape.end());
  const int rank = static_cast<int>(extent.size());
  Id space(rank == 0 ? H5Screate(H5S_SCALAR) : H5Screate_simple(rank, extent.data(), nullptr), H5Sclose);
  H5Pset_fill_time(made, H5D_FILL_TIME_NEVER);  // every number is written once, by us
  Id dataset(H5Dcreate2(file, info.name.c_str(), file_type(info.type), space, H5P_DEFAULT, made, H5P_DEFAULT),
             H5Dclose);
  if (!dataset.valid()) write_error(path, info.name);
  return std::unique_ptr<Hdf5Array::State>(new Hdf5Array::State{path, std::move(dataset), std::move(space), info});
}

Hdf5Array Hdf5File::make_array(const ArrayInfo& info) {
  const Session session;
  const Id made(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
  H5Pset_layout(made, H5D_CONTIGUOUS);
  const bool large = is_large(info);
  if (large) H5Pset_alloc_time(made, H5D_ALLOC_TIME_EARLY);  // so that it has a place
  std::unique_ptr<Hdf5Array::State> array = state_->make_array(info, made);
  const haddr_t place = large && state_->direct.open() ? H5Dget_offset(array->dataset) : HADDR_UNDEF;
  if (place != HADDR_UNDEF) {
    array->direct = &state_->direct;
    array->place = static_cast<int64_t>(place);
  }
  return Hdf5Array(std::move(array));
}

Hdf5Array Hdf5File::make_compressed_array(const ArrayInfo& info, int64_t chunk_rows, int level) {
  const Session session;
  const Id made(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
  std::vector<hsize_t> chunk(info.shape.begin(), info.shape.end());
  chunk[0] = std::min(chunk[0], static_cast<hsize_t>(chunk_rows));
  H5Pset_chunk(made, static_cast<int>(chunk.size()), chunk.data());
  H5Pset_shuffle(made);
  H5Pset_deflate(made, static_cast<unsigned>(level));
  return Hdf5Array(state_->make_array(info, made));
}

bool Hdf5File::has_numbers(const std::string& path) const {
  const Session session;
  const Id dataset(H5Dopen2(state_->file, path.c_str(), H5P_DEFAULT), H5Dclose);
  if (!dataset.valid()) data_error(state_->path, path, "no such array, or its header is damaged: " + reason());
  const Id type(H5Dget_type(dataset), H5Tclose), space(H5Dget_space(dataset), H5Sclose);
  const Id made(H5Dget_create_plist(dataset), H5Pclose);
  if (!type.valid() || !space.valid() || !made.valid()) data_error(state_->path, path, reason());
  const H5T_class_t kind = H5Tget_class(type);
  const size_t size = H5Tget_size(type);
  const bool number = (kind == H5T_FLOAT && (size <= 4 || size == 8)) || (kind == H5T_INTEGER && size <= 8) ||
                      state_->type_of_bytes(type, path).has_value();
  const bool written = H5Sget_simple_extent_npoints(space) == 0 || H5Dget_storage_size(dataset) > 0;
  return number && written && H5Sget_simple_extent_type(space) != H5S_NULL && H5Pget_external_count(made) == 0 &&
         H5Sget_simple_extent_ndims(space) <= Shape::kMaxRank;
}

std::vector<int64_t> Hdf5File::claimed_shape(const std::string& path) const {
  const Session session;
  const Id dataset(H5Dopen2(state_->file, path.c_str(), H5P_DEFAULT), H5Dclose);
  const Id space(dataset.valid() ? H5Dget_space(dataset) : H5I_INVALID_HID, H5Sclose);
  if (!space.valid() || H5Sget_simple_extent_type(space) != H5S_SIMPLE) return {};
  try {
    return extents(space, uint64_t{1} << 40, state_->path, path);
  } catch (const DataError&) {
    return {};  // nobody reads it
  }
}

Hdf5Array Hdf5File::array(const std::string& path) const {
  const Session session;
  Id dataset(H5Dopen2(state_->file, path.c_str(), H5P_DEFAULT), H5Dclose);
  if (!dataset.valid()) data_error(state_->path, path, "no such array, or its header is damaged: " + reason());
  const Id type(H5Dget_type(dataset), H5Tclose);
  Id space(H5Dget_space(dataset), H5Sclose);
  const std::optional<ArrayType> bytes = state_->type_of_bytes(type, path);
  ArrayInfo info{path, bytes ? *bytes : array_type(type, state_->path, path), {}};
  const Id made(H5Dget_create_plist(dataset), H5Pclose);
  if (!made.valid()) data_error(state_->path, path, reason());
  const uint64_t limit = state_->plausible_bytes(dataset, made, path) / std::max<size_t>(H5Tget_size(type), 1);
  info.shape = extents(space, limit, state_->path, path);
  state_->check_compact(dataset, made, static_cast<uint64_t>(info.size()) * H5Tget_size(type), path);
  std::unique_ptr<Hdf5Array::State> array(
      new Hdf5Array::State{state_->path, std::move(dataset), std::move(space), std::move(info)});
  if (H5Pget_layout(made) == H5D_CHUNKED) {
    array->chunks = std::make_unique<CheckedChunks>(array->dataset, made, state_->bytes, state_->path, path);
  }
  if (bytes) array->own_type = Id(H5Tcopy(type), H5Tclose);
  state_->find_bytes(type, *array);
  return Hdf5Array(std::move(array));
}

}  // namespace weft
