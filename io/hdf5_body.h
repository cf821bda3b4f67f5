// What the files that speak to the HDF5 library share; the one place that includes hdf5.h. No header of the library.
#pragma once
#include <hdf5.h>
#include <weft/io/direct_writer.h>
#include <weft/io/formats/random_access_file.h>
#include <weft/io/hdf5.h>
#include <weft/io/hdf5_headers.h>

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace weft {
namespace hdf5 {

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
  static std::mutex& mutex();
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

/// What the library says went wrong first, in one line.
std::string reason();
[[noreturn]] void data_error(const std::string& path, const std::string& object, const std::string& what);
[[noreturn]] void write_error(const std::string& path, const std::string& object);

hid_t memory_type(ArrayType type);
hid_t file_type(ArrayType type);
/// The narrowest ArrayType that holds numbers of a file's type.
ArrayType array_type(hid_t type, const std::string& path, const std::string& object);
/// True for an enumeration of FALSE and TRUE in a byte, as h5py writes booleans.
bool is_boolean(hid_t type);
/// The extents of a dataspace; its size in bytes is at most `limit`.
std::vector<int64_t> extents(hid_t space, uint64_t limit, const std::string& path, const std::string& object);

/// The chunks of an array, looked at before the library reads them. It does so without asking whether what comes out of
/// them is a whole chunk.
class CheckedChunks {
 public:
  /// Of a chunked dataset. Throws DataError for filters other than shuffle, deflate and fletcher32, and for
  /// these in an order that no program writes.
  CheckedChunks(hid_t dataset, hid_t made, uint64_t file_bytes, std::string path, std::string name);
  /// Throws DataError unless the chunks that hold rows [first, first + count) become chunks.
  void verify(hid_t dataset, hsize_t first, hsize_t count);

 private:
  void add_filters(hid_t made);
  /// Reads what is stored of a chunk, `size` bytes; false if that can't be.
  bool read(hid_t dataset, const std::vector<hsize_t>& offset, hsize_t size, uint32_t& skipped);
  void verify_chunk(hid_t dataset, const std::vector<hsize_t>& offset);
  [[noreturn]] void fail(const std::string& what) const;

  std::string path_, name_;
  uint64_t file_bytes_;
  std::vector<hsize_t> extents_, chunk_;
  uint64_t chunk_bytes_ = 0;
  std::vector<H5Z_filter_t> filters_;  ///< in the order of writing
  std::vector<char> stored_;           ///< of the chunk at hand
};

}  // namespace hdf5

struct Hdf5Array::State {
  std::string path;  ///< of the file
  hdf5::Id dataset;
  hdf5::Id space;
  ArrayInfo info;
  hdf5::Id own_type{H5I_INVALID_HID, H5Tclose};      ///< the file's, of numbers that HDF5 has no type for
  std::unique_ptr<hdf5::CheckedChunks> chunks = {};  ///< of an array that is read from chunks
  const DirectWriter* direct = nullptr;              ///< of the file; large arrays that are written
  const RandomAccessFile* reader = nullptr;          ///< the file; large arrays that lie in it as they are in memory
  int64_t place = 0;                                 ///< where their numbers lie in the file

  /// Memory and file selections of some rows, and the transfer.
  template <class Transfer>
  void rows(int64_t first, int64_t count, Transfer&& transfer) const {
    std::vector<hsize_t> start(info.shape.size(), 0), extent(info.shape.begin(), info.shape.end());
    if (!extent.empty()) {
      start[0] = static_cast<hsize_t>(first);
      extent[0] = static_cast<hsize_t>(count);
    }
    const int rank = static_cast<int>(extent.size());
    const hdf5::Id memory(rank == 0 ? H5Screate(H5S_SCALAR) : H5Screate_simple(rank, extent.data(), nullptr), H5Sclose);
    const hdf5::Id selected(H5Scopy(space), H5Sclose);
    if (rank > 0) H5Sselect_hyperslab(selected, H5S_SELECT_SET, start.data(), nullptr, extent.data(), nullptr);
    transfer(own_type.valid() ? static_cast<hid_t>(own_type) : hdf5::memory_type(info.type), memory, selected);
  }
  int64_t row_bytes() const { return info.width() * static_cast<int64_t>(size_of(info.type)); }
  bool within(int64_t first, int64_t count) const {
    return first >= 0 && count >= 0 && first <= info.rows() && count <= info.rows() - first;
  }
};

struct Hdf5File::State {
  std::string path;
  uint64_t bytes = 0;  ///< of a file that is read
  hdf5::Id file{H5I_INVALID_HID, H5Fclose};
  DirectWriter direct;                     ///< to a file that is made
  std::optional<RandomAccessFile> reader;  ///< of a file that is read, once a large array is asked for

  hdf5::Id object(const std::string& name) const;
  /// The headers of a file that is read, and where that of an object lies. Throws DataError for a file whose places are
  /// not of 8 bytes.
  hdf5::Headers headers();
  uint64_t header_of(hid_t object, const std::string& name) const;
  /// The `count` texts of variable length of an attribute.
  std::vector<std::string> variable_texts(const std::string& name, const std::string& attribute, uint64_t count);
  /// Invalid if there is none.
  hdf5::Id attribute(const std::string& name, const std::string& attribute);
  std::optional<std::string> text(const std::string& name, const std::string& attribute);
  void set(const std::string& name, const std::string& attribute, hid_t type, hid_t space, hid_t memory,
           const void* value);
  /// A new array as the creation list says.
  std::unique_ptr<Hdf5Array::State> make_array(const ArrayInfo& info, hid_t made);
  /// Of an array whose numbers HDF5 has no type for, and which are read as the bytes that they are: Keras 3's bfloat16
  /// (two opaque bytes a number, and an attribute that says so) and h5py's booleans (uint8); nothing for any other.
  std::optional<ArrayType> type_of_bytes(hid_t type, const std::string& name);
  /// Finds where the numbers of a large array can be read without the library.
  void find_bytes(hid_t type, Hdf5Array::State& array);
  /// Bytes that the numbers of a dataset may take, from what is known of the file.
  uint64_t plausible_bytes(hid_t dataset, hid_t made, const std::string& name) const;
  void check_compact(hid_t dataset, hid_t made, uint64_t needed, const std::string& name) const;
  void check_chunk(hid_t dataset, hid_t made, uint64_t limit, const std::string& name) const;
};

}  // namespace weft
