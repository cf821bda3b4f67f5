// CheckpointWriter: an HDF5 file beside its name, moved there by close().
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/io/atomic_file.h>
#include <weft/io/checkpoint.h>
#include <weft/io/checkpoint_layout.h>
#include <weft/io/checkpoint_names.h>

#include <concepts>
#include <set>
#include <utility>

namespace weft {

using Layout = CheckpointLayout;

struct CheckpointWriter::State {
  AtomicFile file;
  Hdf5File hdf5;
  std::set<std::string, std::less<>> names;
  int compression;

  State(const std::string& path, int level)
      : file(path), hdf5(Hdf5File::create(file.temporary_path(), path)), compression(level) {}

  void write(ArrayInfo info, const ByteRows& rows) {
    write(std::move(info), [&](Hdf5Array& array) { return write_pieces(array, rows); });
  }

  template <class WritePieces>
  void write(ArrayInfo info, const WritePieces& pieces) requires std::invocable<WritePieces, Hdf5Array&> {
    if (!names.insert(info.name).second) {
      throw ValueError(fmt::format("[CheckpointWriter] array '{}' is there already: each name once.", info.name));
    }
    info.name = std::string(Layout::kArrays) + "/" + object_name(info.name);
    const bool compressed = compression > 0 && !info.shape.empty() && info.size() > 0;
    const int64_t row_bytes = info.width() * static_cast<int64_t>(size_of(info.type));
    Hdf5Array array =
        compressed ? hdf5.make_compressed_array(info, rows_of_piece(row_bytes), compression) : hdf5.make_array(info);
    const PieceSums sums = pieces(array);
    hdf5.set_integers(info.name, Layout::kSumRows, {&sums.rows, 1});
    hdf5.set_integers(info.name, Layout::kSums, sums.crc32c);
  }
};

CheckpointWriter::CheckpointWriter(const std::string& path, const CheckpointWriterOptions& options) {
  if (options.compression < 0 || options.compression > 9) {
    throw ValueError(fmt::format("[CheckpointWriter] {}: compression: got {}, expected 0 (none) to 9 (smallest).", path,
                                 options.compression));
  }
  state_ = std::make_unique<State>(path, options.compression);
  state_->hdf5.set_text("/", Layout::kFormat, Layout::kFormatName);
  const int64_t version = Layout::kCurrentVersion;
  state_->hdf5.set_integers("/", Layout::kVersion, {&version, 1});
  state_->hdf5.make_group(Layout::kArrays);
}
CheckpointWriter::CheckpointWriter(CheckpointWriter&&) noexcept = default;
CheckpointWriter::~CheckpointWriter() = default;

void CheckpointWriter::write(std::string_view name, const Shape& shape, const RowsView& rows) {
  const ArrayInfo info{std::string(name), ArrayType::float32, {shape.extents().begin(), shape.extents().end()}};
  if (rows.size() != shape.size() || !fits_rows(info, rows)) {
    throw ValueError(fmt::format("[CheckpointWriter] array '{}': got {} rows of {}, expected the shape {}.", name,
                                 rows.rows, rows.width, to_string(shape)));
  }
  state_->write(info, bytes_of(info, rows));
}

void CheckpointWriter::write(std::string_view name, float scalar) {
  write(name, Shape{}, RowsView{&scalar, 1, 1, 1});
}

void CheckpointWriter::write(std::string_view name, std::span<const int64_t> values, bool scalar) {
  const auto count = static_cast<int64_t>(values.size());
  if (scalar && count != 1) {
    throw ValueError(fmt::format("[CheckpointWriter] scalar '{}': got {} numbers, expected 1.", name, count));
  }
  ArrayInfo info{std::string(name), ArrayType::int64, {}};
  if (!scalar) info.shape = {count};
  // Only read from: ByteRows serve both ways.
  auto* data = reinterpret_cast<std::byte*>(const_cast<int64_t*>(values.data()));
  state_->write(info, {data, count, sizeof(int64_t), sizeof(int64_t)});
}

void CheckpointWriter::write(const ArrayInfo& info, const FillRows& fill) {
  if (info.type != ArrayType::float32 && info.type != ArrayType::int64) {
    throw ValueError(fmt::format("[CheckpointWriter] array '{}': got {}, expected float32 or int64.", info.name,
                                 to_string(info.type)));
  }
  state_->write(info, [&](Hdf5Array& array) { return write_pieces(array, fill); });
}

void CheckpointWriter::close() {
  state_->hdf5.close();
  state_->file.commit();
}

}  // namespace weft
