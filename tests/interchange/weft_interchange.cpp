// weft_interchange: what weft reads from a file of any format, as JSON; and copies into other formats.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <weft/core/error.h>

#include <cstdio>
#include <nlohmann/json.hpp>
#include <span>

#include "formats.h"

namespace {

using weft::NamedTensors;
using weft::TensorInfo;

const Format& format(const std::map<std::string, Format>& all, const std::string& name) {
  const auto found = all.find(name);
  if (found == all.end()) throw weft::ValueError("no format is called " + name);
  return found->second;
}

std::string hex(std::span<const std::byte> bytes) {
  std::string text;
  for (const std::byte byte : bytes) text += fmt::format("{:02x}", static_cast<unsigned>(byte));
  return text;
}

/// Bytes in hex, so that nothing is rounded on the way, and strings may be of any bytes: a list of them.
nlohmann::json values_of(const NamedTensors& tensors, const TensorInfo& info) {
  if (info.type == weft::TensorType::other) return nullptr;
  if (info.type == weft::TensorType::string) {
    nlohmann::json list = nlohmann::json::array();
    for (const std::string& text : tensors.read_strings(info.name)) list.push_back(hex(std::as_bytes(std::span(text))));
    return list;
  }
  std::vector<std::byte> bytes(static_cast<size_t>(info.size()) * size_of(info.type));
  tensors.read_bytes(info.name, 0, info.rows(), bytes);
  return hex(bytes);
}

int run(int argc, char** argv) {
  const auto all = formats();
  const std::string command = argc > 1 ? argv[1] : "";
  if (command == "show" && argc == 4) {
    const NamedTensors tensors = format(all, argv[2]).open(argv[3]);
    nlohmann::json out;
    for (const TensorInfo& info : tensors.tensors()) {
      out[info.name] = {{"type", to_string(info.type)}, {"shape", info.shape}, {"values", values_of(tensors, info)}};
    }
    fmt::print("{}\n", out.dump());
    return 0;
  }
  if (command == "copy" && argc == 6) {
    format(all, argv[4]).write(argv[5], format(all, argv[2]).open(argv[3]));
    return 0;
  }
  std::vector<std::string> names;
  for (const auto& [name, unused] : all) names.push_back(name);
  fmt::print(stderr,
             "usage: weft_interchange show FORMAT FILE          tensors as JSON: type, shape, values (bytes in hex)\n"
             "       weft_interchange copy FORMAT FILE FORMAT FILE\n"
             "formats: {}\n",
             fmt::join(names, " "));
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
