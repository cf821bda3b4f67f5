// A configuration's file: JSON with comments, each key once, and changes by path.
#include "config_file.h"

#include "output.h"

#include <fmt/format.h>
#include <weft/core/error.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <set>

using weft::ValueError;

namespace {

std::string read_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (in) {
    std::string text{std::istreambuf_iterator<char>(in), {}};
    if (!in.bad()) return text;
  }
  throw weft::IoError(fmt::format("{}: {}. Give a configuration's file.", printable(path), std::strerror(errno)));
}

/// Of two equal keys JSON's readers keep one in silence.
ConfigJson parse(const std::string& path, const std::string& text) {
  std::vector<std::set<std::string>> keys;
  std::string twice;
  const auto watch = [&](int, ConfigJson::parse_event_t event, ConfigJson& value) {
    if (event == ConfigJson::parse_event_t::object_start) keys.emplace_back();
    if (event == ConfigJson::parse_event_t::object_end) keys.pop_back();
    if (event == ConfigJson::parse_event_t::key && !keys.back().insert(value.get<std::string>()).second) {
      twice = value.get<std::string>();
    }
    return true;
  };
  ConfigJson json;
  try {
    json = ConfigJson::parse(text, watch, true, true);
  } catch (const ConfigJson::exception& error) {
    throw ValueError(fmt::format("{}: no JSON: {}", printable(path), printable(error.what())));
  }
  if (!twice.empty()) {
    throw ValueError(
        fmt::format("{}: got the key '{}' twice in one object, expected it once.", printable(path), printable(twice)));
  }
  return json;
}

struct Change {
  std::vector<std::string> steps;  ///< keys, and places of lists as "[2]"
  ConfigJson value;
};

[[noreturn]] void fail(const std::string& change, const std::string& why) {
  throw ValueError(
      fmt::format("--set {}: {}. Write path=value, as columns[2].dimension=16.", printable(change), printable(why)));
}

Change parse_change(const std::string& text) {
  const size_t equals = text.find('=');
  if (equals == std::string::npos) fail(text, "got no '='");
  const std::string path = text.substr(0, equals), value = text.substr(equals + 1);
  Change change;
  std::string step;
  const auto take = [&] {
    if (!step.empty()) change.steps.push_back(step);
    step.clear();
  };
  for (const char c : path) {
    if (c == '.' || c == '[') take();
    if (c != '.') step += c;
    if (c == ']') take();
  }
  take();
  if (change.steps.empty()) fail(text, "got no path");
  change.value = ConfigJson::parse(value, nullptr, false);
  if (change.value.is_discarded()) change.value = value;
  return change;
}

ConfigJson& element(ConfigJson& list, const std::string& step, const std::string& text) {
  const std::string digits = step.substr(1, step.size() - 2);
  const bool number = step.back() == ']' && !digits.empty() && digits.size() < 10 &&
                      digits.find_first_not_of("0123456789") == std::string::npos;
  if (!number || !list.is_array() || std::stoul(digits) >= list.size()) {
    fail(text, fmt::format("there is no {} in {}", step, value_text(list)));
  }
  return list[std::stoul(digits)];
}

void apply(const std::string& text, ConfigJson& json) {
  const Change change = parse_change(text);
  ConfigJson* place = &json;
  for (const std::string& step : change.steps) {
    if (step[0] == '[') {
      place = &element(*place, step, text);
      continue;
    }
    if (place->is_null()) *place = ConfigJson::object();
    if (!place->is_object()) fail(text, fmt::format("there is no {} in {}", step, value_text(*place)));
    place = &(*place)[step];
  }
  *place = change.value;
}

}  // namespace

ConfigJson read_config_file(const std::string& path, const std::vector<std::string>& changes) {
  ConfigJson json = parse(path, read_text(path));
  for (const std::string& change : changes) apply(change, json);
  return json;
}
