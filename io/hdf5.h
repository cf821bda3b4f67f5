// HDF5: the part of it that checkpoints and fixtures need. hdf5.h itself is included by hdf5_body.h only.
#pragma once
#include <weft/io/array_info.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weft {

/// A handle on an array of an open file; it must not outlive the Hdf5File. Rows are along the first axis.
class Hdf5Array {
 public:
  Hdf5Array(Hdf5Array&&) noexcept;
  Hdf5Array& operator=(Hdf5Array&&) noexcept;
  ~Hdf5Array();

  /// The type is the narrowest of ArrayType that holds the file's numbers (16-bit floats are float32, Keras 3's
  /// bfloat16 is what it is, unsigned 16-bit integers are int32, booleans uint8).
  const ArrayInfo& info() const;
  /// Rows [first, first + count) to and from contiguous memory of info().type. Throw DataError (reading), IoError
  /// (writing).
  void read(int64_t first, int64_t count, void* out) const;
  void write(int64_t first, int64_t count, const void* in);
  /// Rows that are a whole number of blocks of the disk: a large array that is written in multiples of so many, from
  /// memory at a multiple of DirectWriter::kBlock, goes past the system's cache. 0: it does not.
  int64_t rows_of_blocks() const;

 private:
  friend class Hdf5File;
  struct State;
  explicit Hdf5Array(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// An HDF5 file. Objects are named by their path ("group/array"; "/" is the root). Any thread may use any file: one
/// lock inside orders them. A file's bytes are not trusted: what can't be is a DataError with path and object.
class Hdf5File {
 public:
  /// For reading. Throws IoError (can't be opened) or DataError (not HDF5, cut short, damaged).
  static Hdf5File open(const std::string& path);
  /// A new file in place of what is at `path`. Errors name final_path, if it is to be moved there. Throws IoError.
  static Hdf5File create(const std::string& path, const std::string& final_path = "");
  Hdf5File(Hdf5File&&) noexcept;
  Hdf5File& operator=(Hdf5File&&) noexcept;
  ~Hdf5File();

  struct Member {
    std::string name;
    bool group = false;  ///< else an array
  };
  /// The groups and arrays in a group, in name order. Links to elsewhere are left out.
  std::vector<Member> members(const std::string& group) const;
  bool contains(const std::string& object) const;

  /// A text attribute of fixed or variable length; nothing if there is none. Throws DataError if it is no text.
  std::optional<std::string> text(const std::string& object, const std::string& attribute) const;
  void set_text(const std::string& object, const std::string& attribute, std::string_view value);
  /// A list of texts of fixed or variable length. Throws DataError if it is no list of texts.
  std::optional<std::vector<std::string>> texts(const std::string& object, const std::string& attribute) const;
  void set_texts(const std::string& object, const std::string& attribute, std::span<const std::string> values);
  /// An integer attribute, scalar or list.
  std::optional<std::vector<int64_t>> integers(const std::string& object, const std::string& attribute) const;
  void set_integers(const std::string& object, const std::string& attribute, std::span<const int64_t> values);

  void make_group(const std::string& group);
  /// A new array, uninitialised, in one piece of the file. info.name is its path.
  Hdf5Array make_array(const ArrayInfo& info);
  /// A new array of rank 1 or more in compressed chunks of so many rows (fewer if it has fewer). `level`: 1 to 9.
  Hdf5Array make_compressed_array(const ArrayInfo& info, int64_t chunk_rows, int level);
  /// Whether array() can give it: not texts, structures or numbers that were never written or lie in another file.
  /// Throws DataError if it is missing or damaged.
  bool has_numbers(const std::string& path) const;
  /// The extents of an array that array() can't give, as the file has them; none if they can't be said.
  std::vector<int64_t> claimed_shape(const std::string& path) const;
  /// Throws DataError if it is missing, of a type or rank that ArrayInfo can't say, or larger than the file can hold.
  Hdf5Array array(const std::string& path) const;

  /// A whole array. T is float, double, int32_t, int64_t or uint8_t, and must be the array's type. Throws DataError.
  template <class T>
  std::vector<T> read(const std::string& path) const;

  const std::string& path() const;
  /// Writes what is pending and closes; the destructor does the same without telling of errors. Throws IoError.
  void close();

 private:
  struct State;
  explicit Hdf5File(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace weft
