// Hdf5Headers: what the HDF5 library takes on trust in a file, read here with every place and length checked.
#pragma once
#include <weft/io/formats/random_access_file.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace weft::hdf5 {

// HDF5 File Format Specification, version 3: object headers (IV.A), attribute messages (IV.A.2.m), symbol tables
// (IV.A.2.r) with their local heaps (III.D), and the global heap (III.E), where texts of variable length lie.

/// The headers of the objects in a file whose places and lengths are of 8 bytes. Version 1.10 of the library follows
/// some of these places beyond the file, or into memory that it does not have. Throws DataError (file, object, what).
class Headers {
 public:
  /// `base`: bytes of somebody else in front of the file. The file must outlive it.
  Headers(const RandomAccessFile& file, uint64_t base) : file_(file), base_(base) {}

  /// Whether the table of a group of the older kind can be walked: its tree, its heap and all names of its links lie
  /// in the file. Groups of other kinds have a check sum.
  void check_group(uint64_t header, const std::string& object) const;
  /// Whether the attributes of an object that lie in its header have names that end.
  void check_attributes(uint64_t header, const std::string& object) const;
  /// The `count` texts of variable length that an attribute has.
  std::vector<std::string> texts(uint64_t header, const std::string& object, const std::string& attribute,
                                 uint64_t count) const;

 private:
  /// Bytes that may still be read for one question: no part of a file is needed twice, and damaged ones hold circles.
  struct Budget {
    uint64_t left;
  };
  struct TextHeap {
    std::string bytes;
    std::map<uint64_t, std::string_view> texts;  ///< by number
  };
  using Visit = std::function<void(unsigned type, unsigned flags, std::string_view message)>;
  void for_each_message(uint64_t header, const std::string& object, const Visit& visit) const;
  void check_table(std::string_view message, const std::string& object) const;
  void check_free_blocks(std::string_view heap, uint64_t first, const std::string& object) const;
  void check_tree(uint64_t tree, uint64_t names, int depth, Budget& budget, const std::string& object) const;
  void read_heap(uint64_t place, TextHeap& heap, Budget& budget, const std::string& object) const;
  std::string read(uint64_t place, uint64_t size, const std::string& object) const;
  std::string read(uint64_t place, uint64_t size, Budget& budget, const std::string& object) const;
  [[noreturn]] void fail(const std::string& object, const std::string& what) const;

  const RandomAccessFile& file_;
  uint64_t base_;
};

}  // namespace weft::hdf5
