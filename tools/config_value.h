// Section: an object of a configuration, read key by key; all that is wrong is collected, each thing with its path.
#pragma once
#include "similar_name.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

using ConfigJson = nlohmann::ordered_json;

/// What is wrong with a configuration.
class ConfigErrors {
 public:
  /// "columns[2].dimension: got -1, expected a number above 0"
  void add(const std::string& path, const std::string& text);
  bool empty() const { return lines_.empty(); }
  /// Throws ValueError with all of it if there is any.
  void check(const std::string& file) const;

 private:
  std::vector<std::string> lines_;
};

namespace config_detail {
bool read(const ConfigJson& json, std::string& out);
bool read(const ConfigJson& json, bool& out);
bool read(const ConfigJson& json, int& out);
bool read(const ConfigJson& json, int64_t& out);
bool read(const ConfigJson& json, uint64_t& out);
bool read(const ConfigJson& json, float& out);
bool read(const ConfigJson& json, double& out);
template <class T>
bool read(const ConfigJson& json, std::optional<T>& out) {
  return read(json, out.emplace());
}
template <class T>
bool read(const ConfigJson& json, std::vector<T>& out) {
  if (!json.is_array()) return false;
  out.clear();
  for (const ConfigJson& element : json) {
    if (!read(element, out.emplace_back())) return false;
  }
  return true;
}

std::string expected(const std::string&);
std::string expected(bool);
std::string expected(int64_t);
std::string expected(uint64_t);
std::string expected(double);
inline std::string expected(int) {
  return expected(int64_t{});
}
inline std::string expected(float) {
  return expected(double{});
}
template <class T>
std::string expected(const std::optional<T>&) {
  return expected(T{});
}
template <class T>
std::string expected(const std::vector<T>&) {
  return "a list, each element " + expected(T{});
}
}  // namespace config_detail

/// A JSON object with the path that leads to it. Every key that is asked for is one that may be there; finish() then
/// tells of all others.
class Section {
 public:
  /// A value that is no object is told of, and then it is as an empty one.
  Section(const ConfigJson& json, std::string path, ConfigErrors& errors);

  /// Null if the key is not there.
  const ConfigJson* find(std::string_view key);
  /// Reads a value that may be absent: `out` is as it was then, and if it is of the wrong type, which is told.
  template <class T>
  bool get(std::string_view key, T& out) {
    const ConfigJson* json = find(key);
    if (json == nullptr) return false;
    T value{};
    if (!config_detail::read(*json, value)) {
      fail_type(key, *json, config_detail::expected(T{}));
      return false;
    }
    out = std::move(value);
    return true;
  }
  /// The same for a value that must be there.
  template <class T>
  bool require(std::string_view key, T& out) {
    return has(key, config_detail::expected(T{})) && get(key, out);
  }
  /// False, which is told, if the key is not there.
  bool has(std::string_view key, const std::string& expected);
  /// One of these words.
  bool choose(std::string_view key, std::string& out, const std::vector<std::string>& words);
  /// Tells of a number that get() read and that is not above (not below) the least.
  void at_least(std::string_view key, double value, double least);
  void above(std::string_view key, double value, double bound);

  /// "columns[2].dimension"
  std::string path(std::string_view key) const;
  const std::string& path() const { return path_; }
  void fail(std::string_view key, const std::string& text) { errors_->add(path(key), text); }
  ConfigErrors& errors() { return *errors_; }
  /// To be called when all keys were asked for. `what` is whose keys they are: "a numeric column".
  void finish(const std::string& what);

 private:
  void fail_type(std::string_view key, const ConfigJson& json, const std::string& expected);

  const ConfigJson* json_;
  std::string path_;
  ConfigErrors* errors_;
  std::vector<std::string> asked_;
};

/// The elements of a list, each a section; anything else is told of.
std::vector<Section> sections(Section& parent, std::string_view key);
/// What is written as a name, or as an object with a name and arguments: an object in both cases.
struct NamedSection {
  std::unique_ptr<const ConfigJson> json;  ///< what the section reads
  Section section;
};
/// Nothing, if the key is not there or something is wrong, which is told.
std::optional<NamedSection> named_section(Section& parent, std::string_view key, const std::string& what);
/// A value as messages show it: short, one line.
std::string value_text(const ConfigJson& json);
/// Runs f, which makes something of the section's values; what it throws is told under the path of the key ("": its
/// own), and then it is false.
bool attempt(Section& section, std::string_view key, const std::function<void()>& f);
