// The formats of weft_interchange by name.
#pragma once
#include <weft/io/formats/named_tensors.h>

#include <functional>
#include <map>
#include <string>

struct Format {
  std::function<weft::NamedTensors(const std::string& path)> open = {};                        ///< null: not read
  std::function<void(const std::string& path, const weft::NamedTensors& tensors)> write = {};  ///< null: not written
};

/// A new format is a line here.
std::map<std::string, Format> formats();
