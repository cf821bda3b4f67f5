// weft diff: how the tensors of two files differ.
#include "command.h"
#include "output.h"
#include "tensor_files.h"

#include <fmt/format.h>
#include <weft/io/formats/tensor_diff.h>

#include <algorithm>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

using namespace weft;
using Json = nlohmann::ordered_json;

namespace {

struct Options {
  std::string a, b;
  double absolute = 0;
  double relative = 0;
  bool all = false;
  bool json = false;
};

using Kind = TensorDiff::Kind;

Json json_of(const TensorDiff& diff) {
  Json json = {{"name", diff.name}, {"difference", to_string(diff.kind)}};
  if (diff.kind != Kind::only_b) json["a"] = {{"type", to_string(diff.a.type)}, {"shape", diff.a.shape}};
  if (diff.kind != Kind::only_a) json["b"] = {{"type", to_string(diff.b.type)}, {"shape", diff.b.shape}};
  if (diff.kind == Kind::numbers || diff.kind == Kind::equal) {
    json["numbers_changed"] = diff.numbers_changed;
    json["rows_changed"] = diff.rows_changed;
    json["largest_absolute"] = diff.largest_absolute;
    json["largest_relative"] = diff.largest_relative;
  }
  return json;
}

std::vector<std::string> cells_of(const TensorDiff& diff) {
  const auto tensor = [](const TensorInfo& info) {
    return fmt::format("{} {}", to_string(info.type), shape_text(info.shape));
  };
  switch (diff.kind) {
    case Kind::only_a:
      return {diff.name, "only in A", tensor(diff.a), "", "", ""};
    case Kind::only_b:
      return {diff.name, "only in B", tensor(diff.b), "", "", ""};
    case Kind::shape:
      return {diff.name, "other shape", tensor(diff.a) + ", " + tensor(diff.b), "", "", ""};
    case Kind::unread:
      return {diff.name, "can't be read", tensor(diff.a), "", "", ""};
    case Kind::numbers:
    case Kind::equal:
      break;
  }
  return {diff.name,
          diff.kind == Kind::equal ? "equal" : "differs",
          tensor(diff.a),
          fmt::format("{} of {}", diff.rows_changed, diff.a.rows()),
          fmt::format("{:.6g}", diff.largest_absolute),
          fmt::format("{:.6g}", diff.largest_relative)};
}

void print_text(const std::vector<TensorDiff>& diffs, int64_t different, bool all) {
  std::vector<std::vector<std::string>> rows;
  for (const TensorDiff& diff : diffs) {
    if (all || diff.kind != Kind::equal) rows.push_back(cells_of(diff));
  }
  if (!rows.empty()) print_columns({"name", "difference", "tensor", "rows changed", "largest", "relative"}, rows);
  std::cout << fmt::format("{} of {} tensors differ\n", different, diffs.size());
}

int diff(const Options& options) {
  const NamedTensors a = open_file(options.a), b = open_file(options.b);
  Progress progress(bytes_of(a) + bytes_of(b));
  const std::vector<TensorDiff> diffs = diff_tensors(a, b,
                                                     {.absolute_tolerance = options.absolute,
                                                      .relative_tolerance = options.relative,
                                                      .progress = [&](int64_t bytes) { progress.add(bytes); }});
  const auto different = std::ranges::count_if(diffs, [](const auto& d) { return d.kind != Kind::equal; });
  if (options.json) {
    Json list = Json::array();
    for (const TensorDiff& one : diffs) {
      if (options.all || one.kind != Kind::equal) list.push_back(json_of(one));
    }
    print_json(
        {{"a", a.where()}, {"b", b.where()}, {"compared", diffs.size()}, {"different", different}, {"tensors", list}});
  } else {
    print_text(diffs, different, options.all);
  }
  return different == 0 ? ExitCode::kOk : ExitCode::kDiffers;
}

}  // namespace

void add_diff(CLI::App& program, Run& run) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = program.add_subcommand("diff", "Compare the tensors of two files, of whatever formats");
  command->footer(
      "Numbers differ if |b - a| > tolerance + relative tolerance * max(|a|, |b|); NaN equals NaN.\n"
      "Exit codes: 0 no difference; 1 the files differ; 2 an error.");
  command->add_option("a", options->a, "A file of tensors")->required();
  command->add_option("b", options->b, "Another")->required();
  command->add_option("--tolerance", options->absolute, "Absolute tolerance")->capture_default_str();
  command->add_option("--relative-tolerance", options->relative, "Relative tolerance")->capture_default_str();
  command->add_flag("--all", options->all, "List equal tensors too");
  command->add_flag("--json", options->json, "Print JSON");
  command->callback([options, &run] { run = [options] { return diff(*options); }; });
}
