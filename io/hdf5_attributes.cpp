// Hdf5File: attributes.
#include <weft/io/hdf5_body.h>

#include <algorithm>

namespace weft {

using namespace hdf5;

Id Hdf5File::State::attribute(const std::string& name, const std::string& attribute) {
  const Id owner = object(name);
  const bool is_read = bytes > 0;
  if (is_read) headers().check_attributes(header_of(owner, name), name);
  const htri_t there = H5Aexists(owner, attribute.c_str());
  if (there < 0) data_error(path, name, reason());
  if (there == 0) return {H5I_INVALID_HID, H5Aclose};
  Id id(H5Aopen(owner, attribute.c_str(), H5P_DEFAULT), H5Aclose);
  if (!id.valid()) data_error(path, name + "@" + attribute, reason());
  return id;
}

void Hdf5File::State::set(const std::string& name, const std::string& attribute, hid_t type, hid_t space, hid_t memory,
                          const void* value) {
  const Id owner = object(name);
  const Id id(H5Acreate2(owner, attribute.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT), H5Aclose);
  const bool empty = value == nullptr;  // a list without numbers
  if (!id.valid() || (!empty && H5Awrite(id, memory, value) < 0)) write_error(path, name + "@" + attribute);
}

std::vector<std::string> Hdf5File::State::variable_texts(const std::string& name, const std::string& attribute,
                                                         uint64_t count) {
  return headers().texts(header_of(object(name), name), name, attribute, count);
}

std::optional<std::string> Hdf5File::State::text(const std::string& object, const std::string& attribute_name) {
  const Id id = attribute(object, attribute_name);
  if (!id.valid()) return std::nullopt;
  const std::string name = object + "@" + attribute_name;
  const Id type(H5Aget_type(id), H5Tclose), space(H5Aget_space(id), H5Sclose);
  if (H5Tget_class(type) != H5T_STRING || H5Sget_simple_extent_npoints(space) != 1) {
    data_error(path, name, "it is no text");
  }
  if (H5Tis_variable_str(type) > 0) return variable_texts(object, attribute_name, 1)[0];
  const size_t size = H5Tget_size(type);
  if (size > bytes) data_error(path, name, "it claims to be larger than the file can hold");
  std::string text(size, '\0');
  if (H5Aread(id, type, text.data()) < 0) data_error(path, name, reason());
  text.resize(std::min(text.find('\0'), size));
  return text;
}

std::optional<std::string> Hdf5File::text(const std::string& object, const std::string& attribute) const {
  const Session session;
  return state_->text(object, attribute);
}

std::optional<ArrayType> Hdf5File::State::type_of_bytes(hid_t type, const std::string& name) {
  if (is_boolean(type)) return ArrayType::uint8;
  const bool two_bytes = H5Tget_class(type) == H5T_OPAQUE && H5Tget_size(type) == 2;
  if (two_bytes && text(name, "dtype") == "bfloat16") return ArrayType::bfloat16;
  return std::nullopt;
}

void Hdf5File::set_text(const std::string& object, const std::string& attribute, std::string_view value) {
  const Session session;
  const Id type(H5Tcopy(H5T_C_S1), H5Tclose), space(H5Screate(H5S_SCALAR), H5Sclose);
  H5Tset_size(type, std::max<size_t>(value.size(), 1));
  H5Tset_strpad(type, H5T_STR_NULLPAD);
  const std::string bytes(value);
  state_->set(object, attribute, type, space, type, bytes.c_str());
}

std::optional<std::vector<std::string>> Hdf5File::texts(const std::string& object, const std::string& attribute) const {
  const Session session;
  const Id id = state_->attribute(object, attribute);
  if (!id.valid()) return std::nullopt;
  const std::string name = object + "@" + attribute;
  const Id type(H5Aget_type(id), H5Tclose), space(H5Aget_space(id), H5Sclose);
  const std::vector<int64_t> extent = extents(space, state_->bytes, state_->path, name);
  if (extent.size() != 1) data_error(state_->path, name, "it is no list");
  const auto count = static_cast<size_t>(extent[0]);
  if (count == 0) return std::vector<std::string>();  // h5py gives an empty list the type of a number
  if (H5Tget_class(type) != H5T_STRING) data_error(state_->path, name, "it is no list of texts");
  if (H5Tis_variable_str(type) > 0) return state_->variable_texts(object, attribute, count);
  const size_t size = H5Tget_size(type);
  if (size == 0 || count > state_->bytes / size) {
    data_error(state_->path, name, "it claims to be larger than the file can hold");
  }
  std::string all(size * count, '\0');
  if (H5Aread(id, type, all.data()) < 0) data_error(state_->path, name, reason());
  std::vector<std::string> values;
  for (size_t i = 0; i < count; ++i) {
    const std::string_view text = std::string_view(all).substr(i * size, size);
    values.emplace_back(text.substr(0, text.find('\0')));
  }
  return values;
}

void Hdf5File::set_texts(const std::string& object, const std::string& attribute, std::span<const std::string> values) {
  const Session session;
  size_t size = 1;
  for (const std::string& value : values) size = std::max(size, value.size());
  const hsize_t count = values.size();
  const Id type(H5Tcopy(H5T_C_S1), H5Tclose), space(H5Screate_simple(1, &count, nullptr), H5Sclose);
  H5Tset_size(type, size);
  H5Tset_strpad(type, H5T_STR_NULLPAD);
  std::string all(size * values.size(), '\0');
  for (size_t i = 0; i < values.size(); ++i) values[i].copy(all.data() + i * size, size);
  state_->set(object, attribute, type, space, type, values.empty() ? nullptr : all.data());
}

std::optional<std::vector<int64_t>> Hdf5File::integers(const std::string& object, const std::string& attribute) const {
  const Session session;
  const Id id = state_->attribute(object, attribute);
  if (!id.valid()) return std::nullopt;
  const std::string name = object + "@" + attribute;
  const Id type(H5Aget_type(id), H5Tclose), space(H5Aget_space(id), H5Sclose);
  if (H5Tget_class(type) != H5T_INTEGER) data_error(state_->path, name, "it is no integer");
  std::vector<int64_t> values(1);
  for (const int64_t extent : extents(space, state_->bytes, state_->path, name)) {
    values.resize(values.size() * static_cast<size_t>(extent));
  }
  if (!values.empty() && H5Aread(id, H5T_NATIVE_INT64, values.data()) < 0) data_error(state_->path, name, reason());
  return values;
}

void Hdf5File::set_integers(const std::string& object, const std::string& attribute, std::span<const int64_t> values) {
  const Session session;
  const hsize_t count = values.size();
  const Id space(H5Screate_simple(1, &count, nullptr), H5Sclose);
  state_->set(object, attribute, H5T_STD_I64LE, space, H5T_NATIVE_INT64, values.data());
}

}  // namespace weft
