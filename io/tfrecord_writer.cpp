// RecordWriter: frames into a buffer, the buffer (deflated) into an AtomicFile.
#include <weft/io/atomic_file.h>
#include <weft/io/crc32c.h>
#include <weft/io/tfrecord.h>
#include <weft/io/wire_writer.h>

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <new>
#include <vector>

namespace weft {
namespace {

constexpr size_t kBufferSize = size_t{1} << 18;

struct Deflater {
  explicit Deflater(Compression compression) : output(kBufferSize) {
    constexpr int kLargestWindow = 15, kGzipHeader = 16, kDefaultMemory = 8;
    const int window = kLargestWindow + (compression == Compression::gzip ? kGzipHeader : 0);
    if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, window, kDefaultMemory, Z_DEFAULT_STRATEGY) != Z_OK)
      throw std::bad_alloc();
  }
  ~Deflater() { deflateEnd(&stream); }

  void write(std::string_view bytes, bool last, AtomicFile& file) {
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream.avail_in = static_cast<uInt>(bytes.size());
    do {
      stream.next_out = reinterpret_cast<Bytef*>(output.data());
      stream.avail_out = static_cast<uInt>(output.size());
      deflate(&stream, last ? Z_FINISH : Z_NO_FLUSH);  // can't fail: the stream is in order and has room
      file.write({output.data(), output.size() - stream.avail_out});
    } while (stream.avail_out == 0);
  }

  z_stream stream = {};
  std::vector<char> output;
};

}  // namespace

void append_record(std::string& out, std::string_view data) {
  const size_t header = out.size();
  wire::append_raw(out, static_cast<uint64_t>(data.size()));
  wire::append_raw(out, masked_crc32c({out.data() + header, sizeof(uint64_t)}));
  out.append(data);
  wire::append_raw(out, masked_crc32c(data));
}

struct RecordWriter::State {
  AtomicFile file;
  std::string buffer;
  std::unique_ptr<Deflater> deflater;
  bool closed = false;

  State(const std::string& path, Compression compression) : file(path) {
    if (compression != Compression::none) deflater = std::make_unique<Deflater>(compression);
  }

  void flush(bool last) {
    constexpr size_t kMost = size_t{1} << 30;  // zlib counts in 32 bits
    std::string_view rest = buffer;
    if (!deflater) file.write(rest);
    for (bool done = !deflater; !done; done = rest.empty()) {
      const std::string_view piece = rest.substr(0, kMost);
      rest.remove_prefix(piece.size());
      deflater->write(piece, last && rest.empty(), file);
    }
    buffer.clear();
  }
};

RecordWriter::RecordWriter(const std::string& path, Compression compression)
    : state_(std::make_unique<State>(path, compression)) {}
RecordWriter::RecordWriter(RecordWriter&&) noexcept = default;
RecordWriter& RecordWriter::operator=(RecordWriter&&) noexcept = default;
RecordWriter::~RecordWriter() = default;

void RecordWriter::write(std::string_view data) {
  State& s = *state_;
  if (s.closed)
    throw ValueError(fmt::format("[RecordWriter] {}: got a record after close(). Make a new writer.", s.file.path()));
  append_record(s.buffer, data);
  if (s.buffer.size() >= kBufferSize) s.flush(false);
}

void RecordWriter::close() {
  State& s = *state_;
  if (s.closed) return;
  s.flush(true);
  s.file.commit();
  s.closed = true;
}

}  // namespace weft
