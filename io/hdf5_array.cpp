// Hdf5Array: rows of an array of an HDF5 file.
#include <fmt/format.h>
#include <weft/io/hdf5_body.h>

#include <numeric>

namespace weft {

using namespace hdf5;

Hdf5Array::Hdf5Array(std::unique_ptr<State> state) : state_(std::move(state)) {}
Hdf5Array::Hdf5Array(Hdf5Array&&) noexcept = default;
Hdf5Array& Hdf5Array::operator=(Hdf5Array&&) noexcept = default;
Hdf5Array::~Hdf5Array() {
  if (state_ == nullptr) return;
  const Session session;
  state_.reset();
}

const ArrayInfo& Hdf5Array::info() const {
  return state_->info;
}

void Hdf5Array::read(int64_t first, int64_t count, void* out) const {
  const std::string& name = state_->info.name;
  if (!state_->within(first, count)) data_error(state_->path, name, fmt::format("no rows {} + {}", first, count));
  if (count == 0 || state_->info.size() == 0) return;
  if (state_->reader != nullptr) {
    const int64_t bytes = state_->row_bytes();
    return state_->reader->read(static_cast<uint64_t>(state_->place + first * bytes),
                                {static_cast<std::byte*>(out), static_cast<size_t>(count * bytes)});
  }
  const Session session;
  if (state_->chunks) {
    state_->chunks->verify(state_->dataset, static_cast<hsize_t>(first), static_cast<hsize_t>(count));
  }
  state_->rows(first, count, [&](hid_t type, hid_t memory, hid_t selected) {
    if (H5Dread(state_->dataset, type, memory, selected, H5P_DEFAULT, out) < 0) {
      data_error(state_->path, name, "can't read: " + reason());
    }
  });
}

void Hdf5Array::write(int64_t first, int64_t count, const void* in) {
  const std::string& name = state_->info.name;
  if (!state_->within(first, count)) data_error(state_->path, name, fmt::format("no rows {} + {}", first, count));
  if (count == 0 || state_->info.size() == 0) return;
  if (state_->direct != nullptr) {
    const int64_t bytes = state_->row_bytes();
    if (state_->direct->write(state_->place + first * bytes, in, count * bytes)) return;
  }
  const Session session;
  state_->rows(first, count, [&](hid_t type, hid_t memory, hid_t selected) {
    if (H5Dwrite(state_->dataset, type, memory, selected, H5P_DEFAULT, in) < 0) write_error(state_->path, name);
  });
}

int64_t Hdf5Array::rows_of_blocks() const {
  constexpr int64_t kMostBytes = 4 << 20;
  if (state_->direct == nullptr) return 0;
  const int64_t rows = DirectWriter::kBlock / std::gcd(DirectWriter::kBlock, state_->row_bytes());
  return rows * state_->row_bytes() <= kMostBytes ? rows : 0;
}

}  // namespace weft
