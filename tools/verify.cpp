// weft verify: reads a file of tensors whole and names what is damaged.
#include "command.h"
#include "output.h"
#include "tensor_files.h"

#include <fmt/format.h>
#include <weft/core/error.h>

#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

using namespace weft;
using Json = nlohmann::ordered_json;

namespace {

struct Options {
  std::vector<std::string> paths;
  bool json = false;
};

struct Damage {
  std::string tensor;  ///< empty: the file as a whole
  std::string what;
};

struct Report {
  std::string format;
  size_t tensors = 0;
  std::vector<std::string> unchecked;  ///< of types whose bytes the format has no sum for, or none that can be told
  std::vector<Damage> damages;
};

/// False for a tensor that can't be looked at.
bool read_all(const NamedTensors& tensors, const TensorInfo& info, Progress& progress) {
  if (info.type == TensorType::other) return tensors.check_other(info.name);
  if (info.type == TensorType::string) {
    tensors.read_strings(info.name);
  } else {
    for_each_piece(tensors, info,
                   [&](const TensorPiece& piece) { progress.add(static_cast<int64_t>(piece.bytes.size())); });
  }
  return true;
}

Report verify_file(const std::string& path) {
  Report report;
  try {
    const NamedTensors tensors = open_file(path);
    report.format = tensors.format();
    report.tensors = tensors.tensors().size();
    Progress progress(bytes_of(tensors));
    for (const TensorInfo& info : tensors.tensors()) {
      try {
        if (!read_all(tensors, info, progress)) report.unchecked.push_back(info.name);
      } catch (const DataError& error) {
        report.damages.push_back({info.name, error.what()});
      }
    }
  } catch (const DataError& error) {
    report.damages.push_back({"", error.what()});
  }
  return report;
}

Json json_of(const std::string& path, const Report& report) {
  Json damaged = Json::array();
  for (const Damage& damage : report.damages) {
    Json entry = {{"message", damage.what}};
    if (!damage.tensor.empty()) entry["tensor"] = damage.tensor;
    damaged.push_back(entry);
  }
  return {{"path", path},
          {"format", report.format},
          {"tensors", report.tensors},
          {"unchecked", report.unchecked},
          {"damaged", damaged}};
}

void print_text(const std::string& path, const Report& report) {
  for (const Damage& damage : report.damages) {
    std::cout << fmt::format("{}: {}: damaged: {}\n", printable(path),
                             damage.tensor.empty() ? "the file" : printable(damage.tensor), printable(damage.what));
  }
  if (report.damages.empty()) {
    std::cout << fmt::format("{}: {}, {} tensors, {}\n", printable(path), report.format, report.tensors,
                             report.unchecked.empty()
                                 ? "all whole"
                                 : fmt::format("all whole but {} that can't be checked", report.unchecked.size()));
  }
}

int verify(const Options& options) {
  bool damaged = false;
  Json list = Json::array();
  for (const std::string& path : options.paths) {
    const Report report = verify_file(path);
    damaged |= !report.damages.empty();
    options.json ? list.push_back(json_of(path, report)) : print_text(path, report);
  }
  if (options.json) print_json({{"files", list}});
  return damaged ? ExitCode::kDiffers : ExitCode::kOk;
}

}  // namespace

void add_verify(CLI::App& program, Run& run) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = program.add_subcommand("verify", "Read files of tensors whole; name the damaged tensors");
  command->footer(
      "Where a format has check sums, they are checked; otherwise only that all can be read.\n"
      "Exit codes: 0 all whole; 1 damage found; 2 an error, as a file that is not there.");
  command->add_option("files", options->paths, "Checkpoints or other files of tensors")->required();
  command->add_flag("--json", options->json, "Print JSON");
  command->callback([options, &run] { run = [options] { return verify(*options); }; });
}
