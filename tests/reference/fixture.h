// Fixture: one case of a directory of reference answers: its configuration and its tensors.
#pragma once
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace weft {
class Hdf5File;
}

namespace weft::reference {

using Json = nlohmann::json;

/// An array as a file holds it. Floating numbers of either width are held as double, integers of any as int64.
struct Array {
  enum class Type { float32, float64, int32, int64, uint8, string };
  Type type = Type::float32;
  std::vector<int64_t> shape = {};
  std::vector<double> floats = {};
  std::vector<int64_t> integers = {};
  std::vector<std::string> strings = {};

  bool floating() const { return type == Type::float32 || type == Type::float64; }
  int64_t size() const;
  std::vector<float> as_floats() const;  ///< floating or integer numbers as float32
};
/// "float32", ...
std::string_view to_string(Array::Type type);
/// Throws std::runtime_error for a name that is none.
Array::Type array_type(std::string_view name);

/// A tensor of a case: dense, or sparse as coordinates.
struct Value {
  Array values = {};
  bool sparse = false;
  std::vector<int64_t> indices = {};      ///< sparse: [values, rank]
  std::vector<int64_t> dense_shape = {};  ///< sparse: [rank]
};

/// What index.json says of a case.
struct CaseEntry {
  std::string family;
  std::string name;
  std::string file;
};
/// The cases of `<data>/index.json`, in its order. Throws std::runtime_error if it can't be read.
std::vector<CaseEntry> read_index(const std::string& data);

/// An open case. Names within it are paths, "train/label". Throws std::runtime_error or weft's errors for a broken
/// file.
class Fixture {
 public:
  Fixture(const std::string& data, const CaseEntry& entry);
  Fixture(const Fixture&) = delete;
  Fixture& operator=(const Fixture&) = delete;
  ~Fixture();

  const CaseEntry& entry() const { return entry_; }
  const Json& config() const { return config_; }
  bool has(const std::string& name) const;
  /// Members of a group, empty if there is none of this name.
  std::vector<std::string> children(const std::string& group) const;
  Value value(const std::string& name) const;
  /// A dense tensor or the strings of this name.
  Array array(const std::string& name) const;
  std::vector<float> floats(const std::string& name) const;
  std::vector<int64_t> integers(const std::string& name) const;
  /// A file that the case names relative to the directory of the fixtures.
  std::string path(const std::string& relative) const { return data_ + "/" + relative; }
  const std::string& data() const { return data_; }

 private:
  std::string data_;
  CaseEntry entry_;
  std::unique_ptr<Hdf5File> file_;
  Json config_;
};

}  // namespace weft::reference
