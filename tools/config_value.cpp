// Section: types, names, and what is said of those that are wrong.
#include "config_value.h"

#include "output.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <weft/core/error.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace {

constexpr size_t kLongest = 60;  // characters of a value in a message

}  // namespace

void ConfigErrors::add(const std::string& path, const std::string& text) {
  lines_.push_back(printable(path.empty() ? text : path + ": " + text));
}

void ConfigErrors::check(const std::string& file) const {
  if (empty()) return;
  throw weft::ValueError(fmt::format("{}:\n  {}", printable(file), fmt::join(lines_, "\n  ")));
}

std::string value_text(const ConfigJson& json) {
  const std::string text = json.dump(-1, ' ', false, ConfigJson::error_handler_t::replace);
  return text.size() <= kLongest ? text : text.substr(0, kLongest) + "...";
}

namespace config_detail {

bool read(const ConfigJson& json, std::string& out) {
  if (!json.is_string()) return false;
  out = json.get<std::string>();
  return true;
}

bool read(const ConfigJson& json, bool& out) {
  if (!json.is_boolean()) return false;
  out = json.get<bool>();
  return true;
}

bool read(const ConfigJson& json, int64_t& out) {
  if (json.is_number_unsigned() && json.get<uint64_t>() > uint64_t{std::numeric_limits<int64_t>::max()}) return false;
  if (json.is_number_integer()) {
    out = json.get<int64_t>();
    return true;
  }
  // 1e6 is an integer for whoever writes it.
  if (!json.is_number_float()) return false;
  const double number = json.get<double>();
  if (!(number >= -9e15 && number <= 9e15) || number != static_cast<double>(static_cast<int64_t>(number))) return false;
  out = static_cast<int64_t>(number);
  return true;
}

bool read(const ConfigJson& json, int& out) {
  int64_t number = 0;
  if (!read(json, number) || number != static_cast<int>(number)) return false;
  out = static_cast<int>(number);
  return true;
}

bool read(const ConfigJson& json, uint64_t& out) {
  if (json.is_number_unsigned()) {
    out = json.get<uint64_t>();
    return true;
  }
  int64_t number = 0;
  if (!read(json, number) || number < 0) return false;
  out = static_cast<uint64_t>(number);
  return true;
}

bool read(const ConfigJson& json, double& out) {
  if (!json.is_number()) return false;
  out = json.get<double>();
  return true;
}

bool read(const ConfigJson& json, float& out) {
  double number = 0.0;
  if (!read(json, number) || std::abs(number) > std::numeric_limits<float>::max()) return false;
  out = static_cast<float>(number);
  return true;
}

std::string expected(const std::string&) {
  return "a string";
}
std::string expected(bool) {
  return "true or false";
}
std::string expected(int64_t) {
  return "an integer";
}
std::string expected(uint64_t) {
  return "an integer of 0 or more";
}
std::string expected(double) {
  return "a number";
}

}  // namespace config_detail

Section::Section(const ConfigJson& json, std::string path, ConfigErrors& errors)
    : json_(&json), path_(std::move(path)), errors_(&errors) {
  if (json.is_object()) return;
  static const ConfigJson kNothing = ConfigJson::object();
  errors.add(path_, fmt::format("got {}, expected an object, {{...}}", value_text(json)));
  json_ = &kNothing;
}

const ConfigJson* Section::find(std::string_view key) {
  if (std::ranges::find(asked_, key) == asked_.end()) asked_.emplace_back(key);
  const auto found = json_->find(std::string(key));
  return found == json_->end() ? nullptr : &*found;
}

bool Section::has(std::string_view key, const std::string& expected) {
  if (find(key) != nullptr) return true;
  errors_->add(path(key), fmt::format("is missing, expected {}", expected));
  return false;
}

bool Section::choose(std::string_view key, std::string& out, const std::vector<std::string>& words) {
  std::string word;
  if (!get(key, word)) return false;
  if (std::ranges::find(words, word) == words.end()) {
    fail(key, fmt::format("got '{}', expected one of {}.{}", word, fmt::join(words, ", "), similar_name(word, words)));
    return false;
  }
  out = word;
  return true;
}

void Section::at_least(std::string_view key, double value, double least) {
  if (!(value >= least)) fail(key, fmt::format("got {}, expected {} or more", value, least));
}

void Section::above(std::string_view key, double value, double bound) {
  if (!(value > bound)) fail(key, fmt::format("got {}, expected a number above {}", value, bound));
}

std::string Section::path(std::string_view key) const {
  if (key.empty()) return path_;
  return path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key);
}

void Section::fail_type(std::string_view key, const ConfigJson& json, const std::string& expected) {
  fail(key, fmt::format("got {}, expected {}", value_text(json), expected));
}

void Section::finish(const std::string& what) {
  for (const auto& [key, value] : json_->items()) {
    if (std::ranges::find(asked_, key) != asked_.end()) continue;
    fail(key, fmt::format("no key of {}.{}", what, similar_or_all(key, asked_)));
  }
}

std::vector<Section> sections(Section& parent, std::string_view key) {
  std::vector<Section> list;
  const ConfigJson* json = parent.find(key);
  if (json == nullptr) return list;
  if (!json->is_array()) {
    parent.fail(key, fmt::format("got {}, expected a list, [...]", value_text(*json)));
    return list;
  }
  for (size_t i = 0; i < json->size(); ++i) {
    list.emplace_back((*json)[i], fmt::format("{}[{}]", parent.path(key), i), parent.errors());
  }
  return list;
}

std::optional<NamedSection> named_section(Section& parent, std::string_view key, const std::string& what) {
  const ConfigJson* given = parent.find(key);
  if (given == nullptr) return {};
  if (!given->is_object() && !given->is_string()) {
    parent.fail(key, fmt::format("got {}, expected the name of {}, or an object with its name and arguments",
                                 value_text(*given), what));
    return {};
  }
  auto json = std::make_unique<const ConfigJson>(given->is_object() ? *given : ConfigJson{{"name", *given}});
  Section section(*json, parent.path(key), parent.errors());
  if (!section.has("name", fmt::format("the name of {}", what))) return {};
  return NamedSection{std::move(json), std::move(section)};
}

bool attempt(Section& section, std::string_view key, const std::function<void()>& f) {
  try {
    f();
    return true;
  } catch (const weft::Error& error) {
    section.fail(key, error.what());
    return false;
  }
}
