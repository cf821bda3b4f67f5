// weft inspect: what a file of tensors holds.
#include "command.h"
#include "output.h"
#include "tensor_files.h"

#include <fmt/format.h>
#include <weft/io/formats/tensor_statistics.h>

#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

using namespace weft;
using Json = nlohmann::ordered_json;

namespace {

struct Options {
  std::string path;
  std::vector<std::string> names;
  bool statistics = false;
  bool checksums = false;
  bool json = false;
};

struct Entry {
  TensorInfo info;
  std::optional<TensorStatistics> statistics;  // of numbers
};

std::vector<Entry> look(const NamedTensors& tensors, const Options& options) {
  std::vector<Entry> entries;
  for (const std::string& name : options.names) {
    if (tensors.find(name) == nullptr) tensors.read_bytes(name, 0, 0, {});  // throws, with similar names
  }
  for (const TensorInfo& info : tensors.tensors()) {
    const bool wanted = options.names.empty() || std::ranges::count(options.names, info.name) > 0;
    if (wanted) entries.push_back({.info = info, .statistics = {}});
  }
  if (!options.statistics && !options.checksums) return entries;
  int64_t total = 0;
  for (const Entry& entry : entries) total += bytes_of(entry.info);
  Progress progress(total);
  for (Entry& entry : entries) {
    if (size_of(entry.info.type) == 0) continue;
    entry.statistics = tensor_statistics(tensors, entry.info.name, [&](int64_t bytes) { progress.add(bytes); });
  }
  return entries;
}

Json json_of(const Entry& entry, const Options& options) {
  Json json = {{"name", entry.info.name}, {"type", to_string(entry.info.type)}, {"shape", entry.info.shape}};
  if (entry.statistics && options.statistics) {
    const TensorStatistics& s = *entry.statistics;
    json["statistics"] = {{"count", s.count},   {"min", s.min},     {"max", s.max},   {"mean", s.mean},
                          {"stddev", s.stddev}, {"zeros", s.zeros}, {"nans", s.nans}, {"infinities", s.infinities}};
  }
  if (entry.statistics && options.checksums) json["crc32c"] = fmt::format("{:08x}", entry.statistics->crc32c);
  return json;
}

std::vector<std::string> cells_of(const Entry& entry, const Options& options) {
  std::vector<std::string> cells = {entry.info.name, std::string(to_string(entry.info.type)),
                                    shape_text(entry.info.shape)};
  const auto add = [&](const auto& number) { cells.push_back(entry.statistics ? fmt::format("{:.6g}", number) : ""); };
  const TensorStatistics s = entry.statistics.value_or(TensorStatistics{});
  if (options.statistics) {
    for (const double number : {s.min, s.max, s.mean, s.stddev}) add(number);
    for (const int64_t count : {s.zeros, s.nans, s.infinities})
      cells.push_back(entry.statistics ? fmt::to_string(count) : "");
  }
  if (options.checksums) cells.push_back(entry.statistics ? fmt::format("{:08x}", s.crc32c) : "");
  return cells;
}

void print_text(const NamedTensors& tensors, const std::vector<Entry>& entries, const Options& options) {
  std::cout << fmt::format("{}: {}, {} tensors, {} of numbers\n", printable(tensors.where()), tensors.format(),
                           tensors.tensors().size(), bytes_text(bytes_of(tensors)));
  std::vector<std::string> header = {"name", "type", "shape"};
  if (options.statistics) {
    for (const char* title : {"min", "max", "mean", "stddev", "zeros", "nan", "inf"}) header.emplace_back(title);
  }
  if (options.checksums) header.emplace_back("crc32c");
  std::vector<std::vector<std::string>> rows;
  for (const Entry& entry : entries) rows.push_back(cells_of(entry, options));
  print_columns(header, rows);
}

int inspect(const Options& options) {
  const NamedTensors tensors = open_file(options.path);
  const std::vector<Entry> entries = look(tensors, options);
  if (!options.json) {
    print_text(tensors, entries, options);
    return ExitCode::kOk;
  }
  Json list = Json::array();
  for (const Entry& entry : entries) list.push_back(json_of(entry, options));
  print_json({{"path", tensors.where()}, {"format", tensors.format()}, {"tensors", list}});
  return ExitCode::kOk;
}

}  // namespace

void add_inspect(CLI::App& program, Run& run) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = program.add_subcommand("inspect", "List the tensors of a file: names, types, shapes");
  command->add_option("file", options->path, "Checkpoint, model directory or any other file of tensors")->required();
  command->add_option("names", options->names, "Only these tensors");
  command->add_flag("--stats", options->statistics, "Least, largest, mean, deviation, zeros, NaNs (reads all numbers)");
  command->add_flag("--checksums", options->checksums, "CRC-32C of the numbers, the same in any format");
  command->add_flag("--json", options->json, "Print JSON");
  command->callback([options, &run] { run = [options] { return inspect(*options); }; });
}
