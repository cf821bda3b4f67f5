// Fixture: HDF5 and JSON to plain arrays.
#include "fixture.h"

#include <fmt/format.h>
#include <weft/io/hdf5.h>

#include <fstream>
#include <functional>
#include <numeric>
#include <stdexcept>

namespace weft::reference {
namespace {

constexpr std::string_view type_names[] = {"float32", "float64", "int32", "int64", "uint8", "string"};

Array::Type type_of(ArrayType type) {
  switch (type) {
    case ArrayType::float32:
      return Array::Type::float32;
    case ArrayType::float64:
      return Array::Type::float64;
    case ArrayType::int32:
      return Array::Type::int32;
    case ArrayType::int64:
      return Array::Type::int64;
    default:
      return Array::Type::uint8;
  }
}

template <class To, class T>
std::vector<To> widened(const std::vector<T>& from) {
  return {from.begin(), from.end()};
}

Array read_dataset(const Hdf5File& file, const std::string& name) {
  const ArrayInfo info = file.array(name).info();
  Array out{.type = type_of(info.type), .shape = info.shape};
  switch (out.type) {
    case Array::Type::float32:
      out.floats = widened<double>(file.read<float>(name));
      break;
    case Array::Type::float64:
      out.floats = file.read<double>(name);
      break;
    case Array::Type::int32:
      out.integers = widened<int64_t>(file.read<int32_t>(name));
      break;
    case Array::Type::int64:
      out.integers = file.read<int64_t>(name);
      break;
    default:
      out.integers = widened<int64_t>(file.read<uint8_t>(name));
      break;
  }
  return out;
}

// All strings end to end, and where each begins.
Array read_strings(const Hdf5File& file, const std::string& name) {
  const std::vector<uint8_t> bytes = file.read<uint8_t>(name + "/bytes");
  const std::vector<int64_t> offsets = file.read<int64_t>(name + "/offsets");
  Array out{.type = Array::Type::string, .shape = file.read<int64_t>(name + "/shape")};
  for (size_t i = 0; i + 1 < offsets.size(); ++i) {
    if (offsets[i] < 0 || offsets[i + 1] < offsets[i] || offsets[i + 1] > static_cast<int64_t>(bytes.size())) {
      throw std::runtime_error("offsets of strings out of order: " + name);
    }
    out.strings.emplace_back(bytes.begin() + offsets[i], bytes.begin() + offsets[i + 1]);
  }
  return out;
}

}  // namespace

int64_t Array::size() const {
  return std::accumulate(shape.begin(), shape.end(), int64_t{1}, std::multiplies<>());
}

std::vector<float> Array::as_floats() const {
  return floating() ? widened<float>(floats) : widened<float>(integers);
}

std::string_view to_string(Array::Type type) {
  return type_names[static_cast<size_t>(type)];
}

Array::Type array_type(std::string_view name) {
  for (size_t i = 0; i < std::size(type_names); ++i) {
    if (type_names[i] == name) return static_cast<Array::Type>(i);
  }
  throw std::runtime_error(fmt::format("no such type: {}", name));
}

std::vector<CaseEntry> read_index(const std::string& data) {
  std::ifstream in(data + "/index.json");
  if (!in) throw std::runtime_error("can't read " + data + "/index.json");
  std::vector<CaseEntry> out;
  const Json index = Json::parse(in);
  for (const Json& entry : index.at("cases")) {
    out.push_back({entry.at("family"), entry.at("name"), entry.at("file")});
  }
  return out;
}

Fixture::Fixture(const std::string& data, const CaseEntry& entry)
    : data_(data), entry_(entry), file_(std::make_unique<Hdf5File>(Hdf5File::open(data + "/" + entry.file))) {
  const auto text = file_->text("/", "case");
  if (!text) throw std::runtime_error(entry.file + " has no attribute `case`");
  config_ = Json::parse(*text);
}

Fixture::~Fixture() = default;

bool Fixture::has(const std::string& name) const {
  return file_->contains(name);
}

std::vector<std::string> Fixture::children(const std::string& group) const {
  std::vector<std::string> names;
  if (!has(group)) return names;
  for (const auto& member : file_->members(group)) names.push_back(member.name);
  return names;
}

Array Fixture::array(const std::string& name) const {
  if (!has(name)) throw std::runtime_error("the case has no tensor " + name);
  const auto kind = file_->text(name, "kind");
  return kind == "strings" ? read_strings(*file_, name) : read_dataset(*file_, name);
}

Value Fixture::value(const std::string& name) const {
  if (!has(name)) throw std::runtime_error("the case has no tensor " + name);
  if (file_->text(name, "kind") != "sparse") return {.values = array(name)};
  return {.values = array(name + "/values"),
          .sparse = true,
          .indices = integers(name + "/indices"),
          .dense_shape = integers(name + "/dense_shape")};
}

std::vector<float> Fixture::floats(const std::string& name) const {
  return array(name).as_floats();
}

std::vector<int64_t> Fixture::integers(const std::string& name) const {
  return array(name).integers;
}

}  // namespace weft::reference
