// TFRecord: files of records, each framed by its length and two CRCs.
#pragma once
#include <weft/core/error.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace weft {

/// none is a plain file. TensorFlow's names: "", "GZIP", "ZLIB".
enum class Compression { none, gzip, zlib };
/// Throws ValueError for another name (TensorFlow reads such a file as plain).
Compression compression_of(std::string_view name);

//   uint64  length            little-endian
//   uint32  masked CRC-32C of the length
//   byte    data[length]
//   uint32  masked CRC-32C of the data
//
// masked = ((crc >> 15) | (crc << 17)) + 0xa282ead8. A gzip or zlib file is this stream compressed as a whole.

/// Appends a record in its frame.
void append_record(std::string& out, std::string_view data);

/// Reads the records of one file in order.
class RecordReader {
 public:
  /// Throws IoError if the file can't be opened.
  RecordReader(const std::string& path, Compression compression = Compression::none);
  RecordReader(RecordReader&&) noexcept;
  RecordReader& operator=(RecordReader&&) noexcept;
  ~RecordReader();
  /// Goes on with another file from its start, in the memory of the blocks that no record needs any more.
  void open(const std::string& path, Compression compression = Compression::none);

  /// A record as it stands in the file: its bytes are checked by check() only, so that another thread may do it.
  struct Record {
    std::string_view data;
    uint32_t masked_crc = 0;
    int64_t offset = 0;  ///< of the frame, in the uncompressed stream
    int64_t number = 0;  ///< 0, 1, 2, ...
    /// Keeps `data` alive: the block it lies in.
    const std::shared_ptr<const void>* owner = nullptr;
  };
  /// The next record, with the CRC of its length checked but not that of its data. False at the end of the file; a
  /// partial frame header (< 12 bytes) at the end is a clean end too, as in TensorFlow. `record` is valid until the
  /// next call; its data as long as a copy of *owner. Throws DataError (path, record number, offset) or IoError.
  bool next(Record& record);
  /// next() and check(); false at the end. The view is valid until the next call.
  bool read(std::string_view& data);
  /// Throws DataError if the data's CRC is wrong.
  static void check(const Record& record, const std::string& path);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Writes a file of records; what it wrote appears under `path` only when close() succeeds.
class RecordWriter {
 public:
  explicit RecordWriter(const std::string& path, Compression compression = Compression::none);
  RecordWriter(RecordWriter&&) noexcept;
  RecordWriter& operator=(RecordWriter&&) noexcept;
  /// Without close(): removes the unfinished file.
  ~RecordWriter();
  void write(std::string_view data);
  /// Flushes to the disk and moves the file to its name. Throws IoError.
  void close();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace weft
