// Table files of leveldb, read whole and written. Every offset and length is checked, every block's checksum too.
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/io/crc32c.h>
#include <weft/io/formats/table_file.h>
#include <weft/io/wire_writer.h>

namespace weft {
namespace {

constexpr uint64_t kMagic = 0xdb4775248b80fb57;
constexpr size_t kFooterBytes = 48, kTrailerBytes = 5;
// Keys share their beginnings in the file and not in memory: this bounds what a small file may ask for.
constexpr size_t kMostKeyBytes = size_t{1} << 28;
constexpr size_t kBlockBytes = 4096;

class Reader {
 public:
  explicit Reader(const RandomAccessFile& file) : file_(file) {}

  std::vector<TableEntry> read() {
    const std::string index = block(index_handle());
    std::vector<TableEntry> all;
    uint64_t end = 0;
    entries(index, [&](std::string_view, std::string_view value) {
      wire::Bytes in(value);
      const Handle data = handle(in);
      // In order and apart: a small file can't name one block again and again.
      if (data.offset < end) damaged("blocks out of order", data.offset);
      end = data.offset + data.size + kTrailerBytes;
      add(block(data), data.offset, all);
    });
    return all;
  }

 private:
  struct Handle {
    uint64_t offset = 0, size = 0;
  };

  [[noreturn]] void damaged(std::string_view what, uint64_t offset) const {
    throw DataError(
        fmt::format("[TensorBundle] Unable to read file ({}). Perhaps the file is corrupt or was produced by a newer "
                    "version of TensorFlow with format changes: {} at offset {}.",
                    file_.path(), what, offset));
  }
  [[noreturn]] void no_table(std::string_view what) const {
    throw DataError(fmt::format("[TensorBundle] {}: {}. Give a checkpoint of TensorFlow's.", file_.path(), what));
  }

  Handle handle(wire::Bytes& in) const {
    Handle out;
    if (!wire::read_varint(in, out.offset) || !wire::read_varint(in, out.size)) damaged("a broken block handle", 0);
    if (out.offset > file_.size() || out.size > file_.size() - out.offset ||
        file_.size() - out.offset - out.size < kTrailerBytes) {
      damaged("a block beyond the end of the file", out.offset);
    }
    return out;
  }

  Handle index_handle() const {
    if (file_.size() < kFooterBytes) no_table("file is too short to be an sstable");
    const std::string footer = file_.read(file_.size() - kFooterBytes, kFooterBytes);
    if (wire::load<uint64_t>(footer.data() + 40) != kMagic) no_table("not an sstable (bad magic number)");
    wire::Bytes in(std::string_view(footer).substr(0, 40));
    block(handle(in));  // the metaindex: only its checksum
    return handle(in);
  }

  std::string block(const Handle& at) const {
    std::string bytes = file_.read(at.offset, at.size + kTrailerBytes);
    const auto stored = wire::load<uint32_t>(bytes.data() + at.size + 1);
    if (masked_crc32c(std::string_view(bytes).substr(0, at.size + 1)) != stored) {
      damaged("block checksum mismatch", at.offset);
    }
    const char compression = bytes[at.size];
    bytes.resize(at.size);
    if (compression == 1) return snappy_uncompressed(bytes, fmt::format("{}: block at {}", file_.path(), at.offset));
    if (compression != 0) damaged(fmt::format("unknown compression {}", int{compression}), at.offset);
    return bytes;
  }

  // Calls each(key, value) for the entries of a block.
  template <class F>
  void entries(const std::string& contents, F&& each) {
    if (contents.size() < 4) damaged("a block without entries", 0);
    const uint64_t restarts = wire::load<uint32_t>(contents.data() + contents.size() - 4);
    if (restarts > (contents.size() - 4) / 4) damaged("a block's restart points", 0);
    wire::Bytes in(contents.data(), contents.data() + contents.size() - 4 - 4 * restarts);
    std::string key;
    while (!in.empty()) {
      uint64_t shared, rest, size;
      const bool whole = wire::read_varint(in, shared) && wire::read_varint(in, rest) && wire::read_varint(in, size);
      if (!whole || shared > key.size() || rest > in.size() || size > in.size() - rest) damaged("a broken entry", 0);
      key.resize(shared);
      key.append(in.at, rest);
      each(std::string_view(key), std::string_view(in.at + rest, size));
      in.at += rest + size;
    }
  }

  void add(const std::string& contents, uint64_t offset, std::vector<TableEntry>& all) {
    entries(contents, [&](std::string_view key, std::string_view value) {
      if (!all.empty() && key <= all.back().key) damaged("keys out of order", offset);
      key_bytes_ += key.size();
      if (key_bytes_ > kMostKeyBytes) damaged("more than 2^28 bytes of names", offset);
      all.push_back({std::string(key), std::string(value)});
    });
  }

  const RandomAccessFile& file_;
  size_t key_bytes_ = 0;
};

class Writer {
 public:
  void add(const TableEntry& entry) {
    append_entry(block_, entry.key, entry.value);
    last_ = entry.key;
    if (block_.size() >= kBlockBytes) close_block();
  }

  std::string finish() {
    if (!block_.empty()) close_block();
    std::string empty, footer;
    append_handle(footer, append_block(empty));
    append_handle(footer, append_block(index_));
    footer.resize(40, '\0');
    wire::append_raw(footer, kMagic);
    return std::move(out_) + footer;
  }

 private:
  using Place = std::pair<uint64_t, uint64_t>;

  static void append_handle(std::string& to, const Place& place) {
    wire::append_varint(to, place.first);
    wire::append_varint(to, place.second);
  }

  // Every key stands in full, so each entry is a restart point: its offset is needed.
  void append_entry(std::string& to, std::string_view key, std::string_view value) {
    auto& offsets = &to == &block_ ? block_offsets_ : index_offsets_;
    offsets.push_back(static_cast<uint32_t>(to.size()));
    wire::append_varint(to, 0);
    wire::append_varint(to, key.size());
    wire::append_varint(to, value.size());
    to.append(key).append(value);
  }

  Place append_block(std::string& contents) {
    auto& offsets = &contents == &index_ ? index_offsets_ : block_offsets_;
    if (offsets.empty()) offsets.push_back(0);
    for (const uint32_t offset : offsets) wire::append_raw(contents, offset);
    wire::append_raw(contents, static_cast<uint32_t>(offsets.size()));
    offsets.clear();
    const Place place{out_.size(), contents.size()};
    contents += '\0';
    out_ += contents;
    wire::append_raw(out_, masked_crc32c(contents));
    return place;
  }

  void close_block() {
    std::string value;
    append_handle(value, append_block(block_));
    append_entry(index_, last_, value);
    block_.clear();
  }

  std::string out_, block_, index_, last_;
  std::vector<uint32_t> block_offsets_, index_offsets_;
};

}  // namespace

std::vector<TableEntry> read_table(const RandomAccessFile& file) {
  return Reader(file).read();
}

std::string table_bytes(const std::vector<TableEntry>& entries) {
  Writer writer;
  for (const TableEntry& entry : entries) writer.add(entry);
  return writer.finish();
}

}  // namespace weft
