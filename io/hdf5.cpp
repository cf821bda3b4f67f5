// HDF5 through its C library, with its errors turned into ours.
#include <fcntl.h>
#include <fmt/format.h>
#include <hdf5.h>
#include <sys/stat.h>
#include <unistd.h>
#include <weft/core/error.h>
#include <weft/core/shape.h>
#include <weft/io/hdf5.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <utility>

namespace weft {

namespace {

/// The library may be built without locks of its own, and prints its errors unless told otherwise: while a Session
/// lives, this thread alone is in it, and it is quiet.
class Session {
 public:
  Session() : lock_(mutex()) {
    H5Eget_auto2(H5E_DEFAULT, &print_, &print_data_);
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
    H5Eclear2(H5E_DEFAULT);
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session() { H5Eset_auto2(H5E_DEFAULT, print_, print_data_); }

 private:
  static std::mutex& mutex() {
    static std::mutex mutex;
    // HDF5 1.10 loses memory when it meets a damaged header, and then prints a complaint at the end of the program. It
    // has nothing to do there for us: every file is closed by its owner.
    [[maybe_unused]] static const herr_t quiet_end = H5dont_atexit();
    return mutex;
  }
  std::lock_guard<std::mutex> lock_;
  H5E_auto2_t print_ = nullptr;
  void* print_data_ = nullptr;
};

/// An HDF5 identifier that is closed at the end of its scope, within a Session.
class Id {
 public:
  Id(hid_t id, herr_t (*close)(hid_t)) : id_(id), close_(close) {}
  Id(Id&& other) noexcept : id_(std::exchange(other.id_, H5I_INVALID_HID)), close_(other.close_) {}
  Id& operator=(Id&& other) noexcept {
    std::swap(id_, other.id_);
    std::swap(close_, other.close_);
    return *this;
  }
  ~Id() { reset(); }
  herr_t reset() { return id_ >= 0 ? close_(std::exchange(id_, H5I_INVALID_HID)) : 0; }
  bool valid() const { return id_ >= 0; }
  operator hid_t() const { return id_; }  // NOLINT: it is an hid_t to the C library

 private:
  hid_t id_;
  herr_t (*close_)(hid_t);
};

/// What the library says went wrong first, in one line. Its texts about the system's errors have several, with the time
/// and the file's passing name: of those, the system's reason only.
std::string reason() {
  std::string text;
  const auto first = [](unsigned, const H5E_error2_t* error, void* out) -> herr_t {
    if (error->desc != nullptr && error->desc[0] != '\0') *static_cast<std::string*>(out) = error->desc;
    return 1;
  };
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, first, &text);
  constexpr std::string_view kNumber = "errno = ";
  if (const size_t at = text.find(kNumber); at != std::string::npos) {
    return std::strerror(std::atoi(text.c_str() + at + kNumber.size()));
  }
  return text.empty() ? "no reason given" : text.substr(0, text.find('\n'));
}

[[noreturn]] void data_error(const std::string& path, const std::string& object, const std::string& what) {
  throw DataError(fmt::format("[hdf5] {}: {}: {}. The file is damaged or was not made for this.", path, object, what));
}
[[noreturn]] void write_error(const std::string& path, const std::string& object) {
  throw IoError(fmt::format("[hdf5] {}: {}: can't write: {}. Check the room on the disk.", path, object, reason()));
}

hid_t memory_type(ArrayType type) {
  switch (type) {
    case ArrayType::float32:
      return H5T_NATIVE_FLOAT;
    case ArrayType::float64:
      return H5T_NATIVE_DOUBLE;
    case ArrayType::int32:
      return H5T_NATIVE_INT32;
    case ArrayType::int64:
      return H5T_NATIVE_INT64;
    case ArrayType::uint8:
      return H5T_NATIVE_UINT8;
  }
  return H5I_INVALID_HID;
}
hid_t file_type(ArrayType type) {
  switch (type) {
    case ArrayType::float32:
      return H5T_IEEE_F32LE;
    case ArrayType::float64:
      return H5T_IEEE_F64LE;
    case ArrayType::int32:
      return H5T_STD_I32LE;
    case ArrayType::int64:
      return H5T_STD_I64LE;
    case ArrayType::uint8:
      return H5T_STD_U8LE;
  }
  return H5I_INVALID_HID;
}

/// The narrowest ArrayType that holds numbers of a file's type.
ArrayType array_type(hid_t type, const std::string& path, const std::string& object) {
  const size_t size = H5Tget_size(type);
  const H5T_class_t kind = H5Tget_class(type);
  if (kind == H5T_FLOAT && size <= 4) return ArrayType::float32;
  if (kind == H5T_FLOAT && size == 8) return ArrayType::float64;
  if (kind == H5T_INTEGER && size <= 8) {
    const bool is_signed = H5Tget_sign(type) == H5T_SGN_2;
    if (size == 1 && !is_signed) return ArrayType::uint8;
    return size <= 2 || (size == 4 && is_signed) ? ArrayType::int32 : ArrayType::int64;
  }
  data_error(path, object, "the type is no number of at most 64 bits");
}

/// The extents of a dataspace; its size in bytes is at most `limit`.
std::vector<int64_t> extents(hid_t space, uint64_t limit, const std::string& path, const std::string& object) {
  const int rank = H5Sget_simple_extent_ndims(space);
  if (rank < 0 || rank > Shape::kMaxRank) data_error(path, object, fmt::format("rank {}, expected at most 8", rank));
  std::vector<hsize_t> claimed(static_cast<size_t>(rank));
  if (H5Sget_simple_extent_dims(space, claimed.data(), nullptr) < 0) data_error(path, object, reason());
  if (H5Sget_simple_extent_type(space) == H5S_NULL) data_error(path, object, "it has no numbers");
  // An array without rows has a width all the same.
  if (std::ranges::count(claimed, 0u) > 0) limit = uint64_t{1} << 40;
  unsigned __int128 size = 1;
  for (const hsize_t extent : claimed) {
    size *= std::max<hsize_t>(extent, 1);
    if (size > limit) data_error(path, object, "it claims to be larger than the file can hold");
  }
  return {claimed.begin(), claimed.end()};
}

constexpr size_t kSlack = 4096;  // small arrays may lie in the header, several of them compressed in one block

}  // namespace

struct Hdf5Array::State {
  std::string path;  ///< of the file
  Id dataset;
  Id space;
  ArrayInfo info;

  /// Memory and file selections of some rows, and the transfer.
  template <class Transfer>
  void rows(int64_t first, int64_t count, Transfer&& transfer) const {
    std::vector<hsize_t> start(info.shape.size(), 0), extent(info.shape.begin(), info.shape.end());
    if (!extent.empty()) {
      start[0] = static_cast<hsize_t>(first);
      extent[0] = static_cast<hsize_t>(count);
    }
    const int rank = static_cast<int>(extent.size());
    const Id memory(rank == 0 ? H5Screate(H5S_SCALAR) : H5Screate_simple(rank, extent.data(), nullptr), H5Sclose);
    const Id selected(H5Scopy(space), H5Sclose);
    if (rank > 0) H5Sselect_hyperslab(selected, H5S_SELECT_SET, start.data(), nullptr, extent.data(), nullptr);
    transfer(memory_type(info.type), memory, selected);
  }
  bool within(int64_t first, int64_t count) const {
    return first >= 0 && count >= 0 && first <= info.rows() && count <= info.rows() - first;
  }
};

Hdf5Array::Hdf5Array(std::unique_ptr<State> state) : state_(std::move(state)) {}
Hdf5Array::Hdf5Array(Hdf5Array&&) noexcept = default;
Hdf5Array& Hdf5Array::operator=(Hdf5Array&&) noexcept = default;
Hdf5Array::~Hdf5Array() {
  if (state_ == nullptr) return;
  const Session session;
  state_.reset();
}

const ArrayInfo& Hdf5Array::info() const {
  return state_->info;
}

void Hdf5Array::read(int64_t first, int64_t count, void* out) const {
  const std::string& name = state_->info.name;
  if (!state_->within(first, count)) data_error(state_->path, name, fmt::format("no rows {} + {}", first, count));
  if (count == 0 || state_->info.size() == 0) return;
  const Session session;
  state_->rows(first, count, [&](hid_t type, hid_t memory, hid_t selected) {
    if (H5Dread(state_->dataset, type, memory, selected, H5P_DEFAULT, out) < 0) {
      data_error(state_->path, name, "can't read: " + reason());
    }
  });
}

void Hdf5Array::write(int64_t first, int64_t count, const void* in) {
  const std::string& name = state_->info.name;
  if (!state_->within(first, count)) data_error(state_->path, name, fmt::format("no rows {} + {}", first, count));
  if (count == 0 || state_->info.size() == 0) return;
  const Session session;
  state_->rows(first, count, [&](hid_t type, hid_t memory, hid_t selected) {
    if (H5Dwrite(state_->dataset, type, memory, selected, H5P_DEFAULT, in) < 0) write_error(state_->path, name);
  });
}

struct Hdf5File::State {
  std::string path;
  uint64_t bytes = 0;  ///< of a file that is read
  Id file{H5I_INVALID_HID, H5Fclose};

  Id object(const std::string& name) const {
    Id id(H5Oopen(file, name.c_str(), H5P_DEFAULT), H5Oclose);
    if (!id.valid()) data_error(path, name, "no such object, or its header is damaged: " + reason());
    return id;
  }
  /// Invalid if there is none.
  Id attribute(const std::string& name, const std::string& attribute) const {
    const Id owner = object(name);
    const htri_t there = H5Aexists(owner, attribute.c_str());
    if (there < 0) data_error(path, name, reason());
    if (there == 0) return {H5I_INVALID_HID, H5Aclose};
    Id id(H5Aopen(owner, attribute.c_str(), H5P_DEFAULT), H5Aclose);
    if (!id.valid()) data_error(path, name + "@" + attribute, reason());
    return id;
  }
  void set(const std::string& name, const std::string& attribute, hid_t type, hid_t space, hid_t memory,
           const void* value) {
    const Id owner = object(name);
    const Id id(H5Acreate2(owner, attribute.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT), H5Aclose);
    const bool empty = value == nullptr;  // a list without numbers
    if (!id.valid() || (!empty && H5Awrite(id, memory, value) < 0)) write_error(path, name + "@" + attribute);
  }
  /// Bytes that the numbers of a dataset may take, from what is known of the file.
  uint64_t plausible_bytes(hid_t dataset, const std::string& name) const;
};

uint64_t Hdf5File::State::plausible_bytes(hid_t dataset, const std::string& name) const {
  const Id made(H5Dget_create_plist(dataset), H5Pclose);
  if (!made.valid()) data_error(path, name, reason());
  const H5D_layout_t layout = H5Pget_layout(made);
  // Other files' bytes are not read on behalf of this one.
  if (H5Pget_external_count(made) != 0 || layout < H5D_COMPACT || layout > H5D_CHUNKED) {
    data_error(path, name, "its numbers lie outside of the file");
  }
  constexpr uint64_t kBestCompression = 1032;  // of deflate
  return (bytes + kSlack) * (H5Pget_nfilters(made) > 0 ? kBestCompression : 1);
}

namespace {

Id access_list() {
  Id access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  // The newer formats carry check sums over everything but the arrays' own numbers.
  H5Pset_libver_bounds(access, H5F_LIBVER_V110, H5F_LIBVER_LATEST);
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

std::optional<std::string> Hdf5File::text(const std::string& object, const std::string& attribute) const {
  const Session session;
  const Id id = state_->attribute(object, attribute);
  if (!id.valid()) return std::nullopt;
  const std::string name = object + "@" + attribute;
  const Id type(H5Aget_type(id), H5Tclose), space(H5Aget_space(id), H5Sclose);
  if (H5Tget_class(type) != H5T_STRING || H5Sget_simple_extent_npoints(space) != 1) {
    data_error(state_->path, name, "it is no text");
  }
  if (H5Tis_variable_str(type) > 0) {
    char* read = nullptr;
    if (H5Aread(id, type, &read) < 0 || read == nullptr) data_error(state_->path, name, reason());
    const std::unique_ptr<char, herr_t (*)(void*)> owner(read, H5free_memory);
    return std::string(read);
  }
  const size_t size = H5Tget_size(type);
  if (size > state_->bytes) data_error(state_->path, name, "it claims to be larger than the file can hold");
  std::string text(size, '\0');
  if (H5Aread(id, type, text.data()) < 0) data_error(state_->path, name, reason());
  text.resize(std::min(text.find('\0'), size));
  return text;
}

void Hdf5File::set_text(const std::string& object, const std::string& attribute, std::string_view value) {
  const Session session;
  const Id type(H5Tcopy(H5T_C_S1), H5Tclose), space(H5Screate(H5S_SCALAR), H5Sclose);
  H5Tset_size(type, std::max<size_t>(value.size(), 1));
  H5Tset_strpad(type, H5T_STR_NULLPAD);
  const std::string bytes(value);
  state_->set(object, attribute, type, space, type, bytes.c_str());
}

std::optional<std::vector<int64_t>> Hdf5File::integers(const std::string& object, const std::string& attribute) const {
  const Session session;
  const Id id = state_->attribute(object, attribute);
  if (!id.valid()) return std::nullopt;
  const std::string name = object + "@" + attribute;
  const Id type(H5Aget_type(id), H5Tclose), space(H5Aget_space(id), H5Sclose);
  if (H5Tget_class(type) != H5T_INTEGER) data_error(state_->path, name, "it is no integer");
  std::vector<int64_t> values(1);
  for (const int64_t extent : extents(space, state_->bytes, state_->path, name)) {
    values.resize(values.size() * static_cast<size_t>(extent));
  }
  if (!values.empty() && H5Aread(id, H5T_NATIVE_INT64, values.data()) < 0) data_error(state_->path, name, reason());
  return values;
}

void Hdf5File::set_integers(const std::string& object, const std::string& attribute, std::span<const int64_t> values) {
  const Session session;
  const hsize_t count = values.size();
  const Id space(H5Screate_simple(1, &count, nullptr), H5Sclose);
  state_->set(object, attribute, H5T_STD_I64LE, space, H5T_NATIVE_INT64, values.data());
}

void Hdf5File::make_group(const std::string& group) {
  const Session session;
  const Id id(H5Gcreate2(state_->file, group.c_str(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), H5Gclose);
  if (!id.valid()) write_error(state_->path, group);
}

Hdf5Array Hdf5File::make_array(const ArrayInfo& info) {
  const Session session;
  const std::vector<hsize_t> extent(info.shape.begin(), info.shape.end());
  const int rank = static_cast<int>(extent.size());
  Id space(rank == 0 ? H5Screate(H5S_SCALAR) : H5Screate_simple(rank, extent.data(), nullptr), H5Sclose);
  const Id made(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
  H5Pset_layout(made, H5D_CONTIGUOUS);
  H5Pset_fill_time(made, H5D_FILL_TIME_NEVER);  // every number is written once, by us
  Id dataset(H5Dcreate2(state_->file, info.name.c_str(), file_type(info.type), space, H5P_DEFAULT, made, H5P_DEFAULT),
             H5Dclose);
  if (!dataset.valid()) write_error(state_->path, info.name);
  return Hdf5Array(std::unique_ptr<Hdf5Array::State>(
      new Hdf5Array::State{state_->path, std::move(dataset), std::move(space), info}));
}

Hdf5Array Hdf5File::array(const std::string& path) const {
  const Session session;
  Id dataset(H5Dopen2(state_->file, path.c_str(), H5P_DEFAULT), H5Dclose);
  if (!dataset.valid()) data_error(state_->path, path, "no such array, or its header is damaged: " + reason());
  const Id type(H5Dget_type(dataset), H5Tclose);
  Id space(H5Dget_space(dataset), H5Sclose);
  ArrayInfo info{path, array_type(type, state_->path, path), {}};
  const uint64_t limit = state_->plausible_bytes(dataset, path) / std::max<size_t>(H5Tget_size(type), 1);
  info.shape = extents(space, limit, state_->path, path);
  return Hdf5Array(std::unique_ptr<Hdf5Array::State>(
      new Hdf5Array::State{state_->path, std::move(dataset), std::move(space), std::move(info)}));
}

}  // namespace weft
