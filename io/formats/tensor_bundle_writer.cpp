// A TensorFlow checkpoint written: the data first, then the index that makes it one.
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/io/atomic_file.h>
#include <weft/io/checkpoint_state.h>
#include <weft/io/crc32c.h>
#include <weft/io/formats/table_file.h>
#include <weft/io/formats/tensor_bundle.h>
#include <weft/io/formats/tensor_bundle_entry.h>
#include <weft/io/formats/tensor_pieces.h>
#include <weft/io/wire_writer.h>

#include <filesystem>

namespace weft {
namespace {

class DataFile {
 public:
  explicit DataFile(const std::string& path) : file_(path) {}

  bundle::Entry add(const NamedTensors& tensors, const TensorInfo& info) {
    bundle::Entry entry{.dtype = bundle::dtype_of(info.type), .shape = info.shape, .offset = bytes_};
    uint32_t crc = 0;
    if (info.type == TensorType::string) {
      crc = add_strings(tensors.read_strings(info.name));
    } else if (info.size() > 0) {
      for_each_piece(tensors, info, [&](const TensorPiece& piece) {
        const std::string_view bytes(reinterpret_cast<const char*>(piece.bytes.data()), piece.bytes.size());
        crc = extend_crc32c(crc, bytes);
        write(bytes);
      });
    }
    entry.size = bytes_ - entry.offset;
    entry.masked_crc = mask_crc(crc);
    return entry;
  }

  void commit() { file_.commit(); }

 private:
  void write(std::string_view bytes) {
    file_.write(bytes);
    bytes_ += static_cast<int64_t>(bytes.size());
  }

  uint32_t add_strings(const std::vector<std::string>& strings) {
    std::string lengths;
    uint32_t crc = 0;
    for (const std::string& text : strings) {
      const uint64_t length = text.size();
      wire::append_varint(lengths, length);
      crc = extend_crc32c(crc, {reinterpret_cast<const char*>(&length), length > UINT32_MAX ? size_t{8} : size_t{4}});
    }
    std::string sum;
    wire::append_raw(sum, mask_crc(crc));
    crc = extend_crc32c(crc, sum);
    write(lengths + sum);
    for (const std::string& text : strings) {
      crc = extend_crc32c(crc, text);
      write(text);
    }
    return crc;
  }

  AtomicFile file_;
  int64_t bytes_ = 0;
};

void check_type(const NamedTensors& tensors, const TensorInfo& info) {
  if (info.type == TensorType::other) {
    throw DataError(
        fmt::format("[write_tensor_bundle] {}: '{}' is neither of numbers nor of strings. Leave the tensor out.",
                    tensors.where(), info.name));
  }
  if (info.name.empty() || info.name[0] == '\0') {
    throw DataError(fmt::format(
        "[write_tensor_bundle] {}: a tensor's name is empty or starts with a zero byte. Give it another name.",
        tensors.where()));
  }
}

}  // namespace

void write_tensor_bundle(const std::string& prefix, const NamedTensors& tensors, StateFile state) {
  for (const TensorInfo& info : tensors.tensors()) check_type(tensors, info);
  DataFile data(prefix + ".data-00000-of-00001");
  std::vector<TableEntry> entries{{"", bundle::header_bytes({.shards = 1})}};
  for (const TensorInfo& info : tensors.tensors()) {
    entries.push_back({info.name, bundle::entry_bytes(data.add(tensors, info))});
  }
  data.commit();
  write_file(prefix + ".index", table_bytes(entries));
  if (state == StateFile::none) return;
  const std::filesystem::path path(prefix);
  const std::string name = path.filename().string();
  write_file((path.parent_path() / "checkpoint").string(), checkpoint_state_text({.latest = name, .all = {name}}));
}

}  // namespace weft
