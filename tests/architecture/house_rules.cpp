// The order of the house: fails on an #include or a #pragma that breaks it, and where the README has left the code.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace {

using Names = std::set<std::string>;

/// Rooms whose headers a room may include.
const std::map<std::string, Names> kMayInclude = {
    {"core", {"core"}},
    {"io", {"core", "io"}},
    {"optim", {"core", "optim"}},
    {"layers", {"core", "io", "layers"}},
    {"estimator", {"core", "io", "optim", "layers", "estimator"}},
    {"distributed", {"core", "io", "optim", "distributed"}},
};

/// Headers of other libraries that one file alone may include.
struct Wrapped {
  std::regex header;
  std::string file;
};
const std::vector<Wrapped> kWrapped = {
    {std::regex("(oneapi/dnnl/)?dnnl.*"), "core/onednn.cpp"},
    {std::regex("omp\\.h"), "core/parallel.cpp"},
    {std::regex("hdf5.*|H5.*"), "io/hdf5_body.h"},
    {std::regex("mpi\\.h"), "distributed/mpi.cpp"},
};

/// Too heavy for a header that every program includes.
const Names kNotInHeaders = {"iostream",         "regex", "fmt/format.h", "fmt/core.h", "nlohmann/json.hpp",
                             "doctest/doctest.h"};

std::string room_of(const std::string& path) {
  return path.substr(0, path.find('/'));
}

/// A source text that several files include (kernels_body.h) is no header.
bool is_header(const std::string& path) {
  return path.ends_with(".h") && !path.ends_with("_body.h");
}

/// What is wrong with file `path` (relative to the root) including `header`; empty if nothing.
std::string include_error(const std::string& path, const std::string& header, bool quoted) {
  if (quoted) return "includes \"" + header + "\" in quotes: say <weft/room/header.h>";
  if (header == "weft/weft.h") return "includes everything (<weft/weft.h> is for programs)";
  if (header.starts_with("weft/")) {
    const std::string room = room_of(header.substr(5));
    const bool allowed = kMayInclude.at(room_of(path)).contains(room);
    return allowed ? "" : "includes <" + header + ">, which is above its room";
  }
  if (header == "iostream") return "includes <iostream>: the library never prints";
  for (const Wrapped& wrapped : kWrapped) {
    if (path != wrapped.file && std::regex_match(header, wrapped.header))
      return "includes <" + header + ">: only " + wrapped.file + " may";
  }
  if (is_header(path) && kNotInHeaders.contains(header)) return "is a header and includes <" + header + ">";
  return "";
}

/// Everything that is wrong with a file of the library, a line each.
std::vector<std::string> violations(const std::string& path, std::istream& text) {
  static const std::regex include(R"(^\s*#\s*include\s*([<"])([^>"]+)[>"].*)");
  static const std::regex openmp(R"(^\s*#\s*pragma\s+omp\b.*)");
  std::vector<std::string> found;
  const auto report = [&](int number, const std::string& what) {
    found.push_back(path + ":" + std::to_string(number) + " " + what);
  };
  std::string line;
  bool once = false;
  for (int number = 1; std::getline(text, line); ++number) {
    std::smatch match;
    if (number == 1 && !line.starts_with("// ")) report(number, "does not say what the file is");
    once = once || line == "#pragma once";
    if (std::regex_match(line, openmp) && path != "core/parallel.cpp")
      report(number, "has an OpenMP pragma: only core/parallel.cpp may");
    if (!std::regex_match(line, match, include)) continue;
    const std::string error = include_error(path, match[2], match[1] == "\"");
    if (!error.empty()) report(number, error);
  }
  if (is_header(path) && !once) report(1, "has no #pragma once");
  return found;
}

std::vector<std::string> violations(const std::string& path, const std::string& text) {
  std::istringstream stream(text);
  return violations(path, stream);
}

}  // namespace

TEST_CASE("architecture: every file of the library keeps the order of the rooms") {
  const std::filesystem::path root = WEFT_SOURCE_DIR;
  int files = 0;
  for (const auto& [room, allowed] : kMayInclude) {
    if (!std::filesystem::exists(root / room)) continue;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root / room)) {
      const std::string extension = entry.path().extension().string();
      if (extension != ".h" && extension != ".cpp") continue;
      std::ifstream text(entry.path());
      ++files;
      for (const std::string& violation : violations(entry.path().lexically_relative(root).generic_string(), text)) {
        FAIL_CHECK(violation);
      }
    }
  }
  CHECK(files > 20);
}

TEST_CASE("architecture: the README's program is the example that is compiled") {
  const auto read = [](const std::string& path) {
    std::ifstream file(std::filesystem::path(WEFT_SOURCE_DIR) / path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  };
  const std::string example = read("examples/quickstart.cpp");
  CHECK(read("README.md").find("```cpp" + example.substr(example.find('\n')) + "```") != std::string::npos);
}

TEST_CASE("architecture: what breaks the order is found") {
  const std::string first = "// A file.\n";
  CHECK(violations("io/crc.cpp", first + "#include <weft/core/error.h>\n").empty());
  CHECK(violations("core/tape.cpp", first + "#include <weft/io/crc.h>\n").size() == 1);
  CHECK(violations("optim/sgd.cpp", first + "#  include <weft/layers/dense.h>\n").size() == 1);
  CHECK(violations("layers/dense.cpp", first + "#include \"dense.h\"\n").size() == 1);
  CHECK(violations("layers/dense.cpp", first + "#include <weft/weft.h>\n").size() == 1);
  CHECK(violations("core/onednn.cpp", first + "#include <oneapi/dnnl/dnnl.hpp>\n").empty());
  CHECK(violations("core/ops/linear.cpp", first + "#include <oneapi/dnnl/dnnl.hpp>\n").size() == 1);
  CHECK(violations("io/checkpoint.cpp", first + "#include <hdf5.h>\n").size() == 1);
  CHECK(violations("core/coalesce.cpp", first + "#pragma omp parallel for\n").size() == 1);
  CHECK(violations("core/parallel.cpp", first + "#include <omp.h>\n#pragma omp parallel\n").empty());
}

TEST_CASE("architecture: headers stay light and files say what they are") {
  CHECK(violations("io/a.h", "// A header.\n#pragma once\n#include <string>\n").empty());
  CHECK(violations("io/a.h", "// A header.\n#include <string>\n").size() == 1);
  CHECK(violations("io/a_body.h", "// A source text.\nint f();\n").empty());
  CHECK(violations("io/a.h", "// A header.\n#pragma once\n#include <regex>\n").size() == 1);
  CHECK(violations("io/a.cpp", "// A file.\n#include <iostream>\n").size() == 1);
  CHECK(violations("io/a.cpp", "#include <string>\n").size() == 1);
}
