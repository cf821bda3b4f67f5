// Hdf5Array: rows of an array of an HDF5 file.
#include <fmt/format.h>
#include <weft/io/hdf5_body.h>

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
  const Session session;
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
  const Session session;
  state_->rows(first, count, [&](hid_t type, hid_t memory, hid_t selected) {
    if (H5Dwrite(state_->dataset, type, memory, selected, H5P_DEFAULT, in) < 0) write_error(state_->path, name);
  });
}

}  // namespace weft
