// AtomicFile: a file that appears under its name whole and on the disk, or not at all.
#pragma once
#include <string>
#include <string_view>

namespace weft {

/// Writes "<path>.tmp-<process>-<n>" beside `path`; commit() flushes it to the disk (the file and its directory) and
/// renames it to `path`, replacing what was there. Dropped without commit(), the temporary file is removed. All members
/// throw IoError (path, the system's reason).
class AtomicFile {
 public:
  explicit AtomicFile(std::string path);
  AtomicFile(AtomicFile&& other) noexcept;
  AtomicFile& operator=(AtomicFile&& other) noexcept;
  ~AtomicFile();

  /// Where the bytes lie until commit(): for libraries that write a file by its name.
  const std::string& temporary_path() const { return temporary_path_; }
  const std::string& path() const { return path_; }
  /// Appends; not buffered.
  void write(std::string_view bytes);
  void commit();

 private:
  void discard() noexcept;

  std::string path_;
  std::string temporary_path_;
  int descriptor_ = -1;
};

/// AtomicFile of one text.
void write_file(const std::string& path, std::string_view contents);

}  // namespace weft
