// Fuzz target: a record file, plain or compressed. The first byte chooses how the rest is made a file.
#include <weft/core/error.h>
#include <weft/io/crc32c.h>
#include <weft/io/tfrecord.h>
#include <zlib.h>

#include <array>
#include <cstring>

#include "support/fuzz.h"

namespace {

using namespace weft;

constexpr size_t kHeader = 12, kFooter = 4;

// Puts the right CRCs into what stands as frames in `bytes`: no fuzzer guesses them.
void mend_crcs(std::string& bytes) {
  for (size_t at = 0; bytes.size() - at >= kHeader;) {
    char* frame = bytes.data() + at;
    const uint32_t length_crc = masked_crc32c({frame, 8});
    std::memcpy(frame + 8, &length_crc, sizeof length_crc);
    uint64_t length;
    std::memcpy(&length, frame, sizeof length);
    const size_t rest = bytes.size() - at - kHeader;
    if (length > rest || rest - length < kFooter) return;
    const uint32_t data_crc = masked_crc32c({frame + kHeader, static_cast<size_t>(length)});
    std::memcpy(frame + kHeader + length, &data_crc, sizeof data_crc);
    at += kHeader + length + kFooter;
  }
}

std::string deflated(const std::string& bytes, Compression compression) {
  z_stream stream = {};
  const int window = compression == Compression::gzip ? 15 + 16 : 15;
  fuzz::check(deflateInit2(&stream, 1, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY) == Z_OK, "deflateInit2");
  std::string out(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));  // zlib's interface lacks the const
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  fuzz::check(deflate(&stream, Z_FINISH) == Z_STREAM_END, "deflate");
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

// Reads the whole file; where `stream` is what it holds, every record must be what stands there.
void read_all(const std::string& path, Compression compression, const std::string* stream) {
  static RecordReader reader(path, compression);  // kept for its memory
  RecordReader::Record record;
  try {
    reader.open(path, compression);
    for (int64_t number = 0, offset = 0; reader.next(record); ++number) {
      fuzz::check(record.number == number && record.offset == offset, "a record is not where the last one ended");
      offset += static_cast<int64_t>(kHeader + record.data.size() + kFooter);
      const auto at = static_cast<size_t>(record.offset) + kHeader;
      fuzz::check(stream == nullptr || stream->substr(at, record.data.size()) == record.data, "other bytes");
      RecordReader::check(record, path);
    }
  } catch (const DataError&) {
    return;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view input = fuzz::text_of(data, size);
  const uint8_t choice = fuzz::take_choice(input);
  const Compression compression = std::array{Compression::none, Compression::gzip, Compression::zlib}[choice % 3];
  const bool mend = choice & 64, compress = choice & 128;
  std::string stream(input);
  if (mend) mend_crcs(stream);
  const bool whole = compression == Compression::none || compress;
  const fuzz::MemoryFile file(whole && compression != Compression::none ? deflated(stream, compression) : stream);
  read_all(file.path(), compression, whole ? &stream : nullptr);
  return 0;
}
