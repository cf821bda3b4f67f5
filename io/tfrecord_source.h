// RecordSource: the bytes of a record file in order, inflated where the file is compressed.
#pragma once
#include <weft/io/tfrecord.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>

namespace weft {

/// A stream that can't be inflated: RecordReader, which knows the record, makes a DataError of it.
struct InflateError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A part of RecordReader. Members throw IoError (path, reason) and InflateError (reason).
class RecordSource {
 public:
  RecordSource(const std::string& path, Compression compression);
  RecordSource(RecordSource&&) noexcept;
  RecordSource& operator=(RecordSource&&) noexcept;
  ~RecordSource();

  /// Fills out[0 .. size) as far as the file goes; less than size only at its end.
  size_t read(char* out, size_t size);
  /// At most this many bytes can still come: what is left of a plain file, no limit for a compressed one.
  uint64_t left() const;
  /// True if the file ended inside a compressed stream: known once read() came to the end.
  bool cut_short() const;

 private:
  struct Inflater;
  size_t read_file(char* out, size_t size);
  size_t read_inflated(char* out, size_t size);

  std::string path_;
  int descriptor_ = -1;
  std::unique_ptr<Inflater> inflater_;  // zlib's state holds pointers to itself, so it must not move
};

}  // namespace weft
