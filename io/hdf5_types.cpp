// HDF5's types and extents as ours, its errors as ours.
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/core/shape.h>
#include <weft/io/hdf5_body.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace weft::hdf5 {

std::mutex& Session::mutex() {
  static std::mutex mutex;
  // HDF5 1.10 loses memory when it meets a damaged header, and then prints a complaint at the end of the program. It
  // has nothing to do there for us: every file is closed by its owner.
  [[maybe_unused]] static const herr_t quiet_end = H5dont_atexit();
  // A file may name filters; what lies on this machine is not loaded on its behalf.
  [[maybe_unused]] static const herr_t no_plugins = H5PLset_loading_state(0);
  return mutex;
}

// Its texts about the system's errors have several, with the time
// and the file's passing name: of those, the system's reason only.
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

void data_error(const std::string& path, const std::string& object, const std::string& what) {
  throw DataError(fmt::format("[hdf5] {}: {}: {}. The file is damaged or was not made for this.", path, object, what));
}
void write_error(const std::string& path, const std::string& object) {
  throw IoError(fmt::format("[hdf5] {}: {}: can't write: {}. Check the room on the disk.", path, object, reason()));
}

hid_t memory_type(ArrayType type) {
  switch (type) {
    case ArrayType::float32:
      return H5T_NATIVE_FLOAT;
    case ArrayType::float64:
      return H5T_NATIVE_DOUBLE;
    case ArrayType::bfloat16:
      break;  // HDF5 has no such type: see type_of_bytes()
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
    case ArrayType::bfloat16:
      break;
    case ArrayType::int32:
      return H5T_STD_I32LE;
    case ArrayType::int64:
      return H5T_STD_I64LE;
    case ArrayType::uint8:
      return H5T_STD_U8LE;
  }
  return H5I_INVALID_HID;
}

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

bool is_boolean(hid_t type) {
  if (H5Tget_class(type) != H5T_ENUM || H5Tget_size(type) != 1 || H5Tget_nmembers(type) != 2) return false;
  int8_t no = -1, yes = -1;
  return H5Tenum_valueof(type, "FALSE", &no) >= 0 && H5Tenum_valueof(type, "TRUE", &yes) >= 0 && no == 0 && yes == 1;
}

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

}  // namespace weft::hdf5
