// RecordSource: read(), and zlib's inflate over it.
#include <weft/core/error.h>
#include <weft/io/tfrecord_source.h>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

namespace weft {
namespace {

[[noreturn]] void fail(const std::string& path, int error) {
  throw IoError(fmt::format("[RecordReader] {}: {}. Check the path and its permissions.", path, std::strerror(error)));
}

}  // namespace

struct RecordSource::Inflater {
  explicit Inflater(Compression compression) : input(size_t{1} << 18) {
    constexpr int kLargestWindow = 15, kGzipHeader = 16;
    if (inflateInit2(&stream, kLargestWindow + (compression == Compression::gzip ? kGzipHeader : 0)) != Z_OK)
      throw std::bad_alloc();
  }
  ~Inflater() { inflateEnd(&stream); }

  z_stream stream = {};
  std::vector<char> input;
  bool file_ended = false;
  bool inside = false;  ///< within a member: its end has not come yet
};

RecordSource::RecordSource(const std::string& path, Compression compression) : path_(path) {
  descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor_ < 0) fail(path, errno);
  struct stat status;
  if (::fstat(descriptor_, &status) == 0 && S_ISDIR(status.st_mode)) {
    ::close(descriptor_);
    fail(path, EISDIR);
  }
  ::posix_fadvise(descriptor_, 0, 0, POSIX_FADV_SEQUENTIAL);
  if (compression != Compression::none) inflater_ = std::make_unique<Inflater>(compression);
}

RecordSource::RecordSource(RecordSource&& other) noexcept
    : path_(std::move(other.path_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      inflater_(std::move(other.inflater_)) {}

RecordSource& RecordSource::operator=(RecordSource&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(descriptor_, other.descriptor_);
  std::swap(inflater_, other.inflater_);
  return *this;
}

RecordSource::~RecordSource() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

size_t RecordSource::read(char* out, size_t size) {
  return inflater_ ? read_inflated(out, size) : read_file(out, size);
}

uint64_t RecordSource::left() const {
  struct stat status;
  if (inflater_ || ::fstat(descriptor_, &status) != 0 || !S_ISREG(status.st_mode)) return UINT64_MAX / 2;
  return static_cast<uint64_t>(std::max<off_t>(0, status.st_size - ::lseek(descriptor_, 0, SEEK_CUR)));
}

bool RecordSource::cut_short() const {
  return inflater_ && inflater_->inside;
}

size_t RecordSource::read_file(char* out, size_t size) {
  size_t done = 0;
  while (done < size) {
    const ssize_t got = ::read(descriptor_, out + done, size - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail(path_, errno);
    if (got == 0) break;
    done += static_cast<size_t>(got);
  }
  return done;
}

size_t RecordSource::read_inflated(char* out, size_t size) {
  z_stream& stream = inflater_->stream;
  constexpr size_t kMost = size_t{1} << 30;  // zlib counts in 32 bits
  size_t done = 0;
  while (done < size) {
    if (stream.avail_in == 0 && !inflater_->file_ended) {
      const size_t got = read_file(inflater_->input.data(), inflater_->input.size());
      inflater_->file_ended = got < inflater_->input.size();
      stream.next_in = reinterpret_cast<Bytef*>(inflater_->input.data());
      stream.avail_in = static_cast<uInt>(got);
    }
    if (stream.avail_in == 0 && !inflater_->inside) break;
    const auto room = static_cast<uInt>(std::min(size - done, kMost));
    stream.next_out = reinterpret_cast<Bytef*>(out + done);
    stream.avail_out = room;
    const int status = inflate(&stream, Z_NO_FLUSH);
    done += room - stream.avail_out;
    inflater_->inside = status != Z_STREAM_END;
    if (status == Z_STREAM_END) {
      inflateReset(&stream);  // another member may follow
    } else if (status == Z_BUF_ERROR) {
      break;  // no input left
    } else if (status != Z_OK) {
      throw InflateError(
          fmt::format("inflate() failed with error {}: {}", status, stream.msg ? stream.msg : zError(status)));
    }
  }
  return done;
}

}  // namespace weft
