// weft diff: how the tensors of two files differ.
#include "command.h"
#include "output.h"
#include "rule_options.h"
#include "tensor_files.h"

#include <fmt/format.h>
#include <weft/io/formats/tensor_diff.h>

#include <algorithm>
#include <iostream>
#include <memory>

using namespace weft;
using Json = nlohmann::ordered_json;

namespace {

struct Options {
  std::string a, b;
  NameRules rules;  // of a's names
  bool match = false;
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

/// The first file under the second one's names, as far as that can be told: by rules alone, or as convert --like does.
struct Renamed {
  NamedTensors tensors;
  std::vector<TensorDiff> others;  ///< what has no place there, or not its shape
};

Renamed rename(const NamedTensors& a, const NamedTensors& b, const Options& options) {
  if (!options.match) {
    RenamedTensors renamed = apply(options.rules, a);
    warn_of_unused(renamed.unused_rules);
    return {std::move(renamed.tensors), {}};
  }
  MatchedTensors matched = match_tensors(a, tensor_targets(b), options.rules);
  const NameReport& report = matched.report;
  warn_of_unused(report.unused_rules);
  Renamed made{std::move(matched.tensors), {}};
  for (const auto* list : {&report.surplus, &report.surplus_state}) {
    for (const std::string& name : *list) {
      made.others.push_back({.name = name, .kind = Kind::only_a, .a = *a.find(name), .b = {}});
    }
  }
  for (const auto& one : report.ambiguous) {
    for (const std::string& name : one.candidates) {
      made.others.push_back({.name = name, .kind = Kind::only_a, .a = *a.find(name), .b = {}});
    }
  }
  const auto misfit = [&](const std::string& from, const std::string& to) {
    made.others.push_back({.name = to, .kind = Kind::shape, .a = *a.find(from), .b = *b.find(to)});
  };
  for (const auto& one : report.mis_shaped) misfit(one.from, one.to);
  for (const auto& one : report.wrong_type) misfit(one.from, one.to);
  return made;
}

NamedTensors numbers_of(const NamedTensors& tensors) {
  return tensors.renamed(
      [&](const std::string& name) { return size_of(tensors.find(name)->type) == 0 ? std::string() : name; });
}

std::vector<TensorDiff> compare(const NamedTensors& a, const NamedTensors& b, const Options& options) {
  Renamed renamed = rename(a, b, options);
  Progress progress(bytes_of(renamed.tensors) + bytes_of(b));
  std::vector<TensorDiff> diffs = diff_tensors(renamed.tensors, b,
                                               {.absolute_tolerance = options.absolute,
                                                .relative_tolerance = options.relative,
                                                .progress = [&](int64_t bytes) { progress.add(bytes); }});
  std::erase_if(diffs, [&](const TensorDiff& diff) {
    const auto same = [&](const TensorDiff& other) { return other.kind == Kind::shape && other.name == diff.name; };
    return diff.kind == Kind::only_b && std::ranges::any_of(renamed.others, same);
  });
  diffs.insert(diffs.end(), renamed.others.begin(), renamed.others.end());
  std::ranges::sort(diffs, {}, &TensorDiff::name);
  return diffs;
}

int diff(const Options& options) {
  NamedTensors a = open_file(options.a), b = open_file(options.b);
  if (options.match) {
    a = numbers_of(a);
    b = numbers_of(b);
  }
  const std::vector<TensorDiff> diffs = compare(a, b, options);
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
      "--map and --transpose are for the names of A; --match finds by itself which tensor of A is which of B, "
      "whatever\n"
      "programs wrote them, as convert --like does, and looks at tensors of numbers only.\n"
      "Exit codes: 0 no difference; 1 the files differ; 2 an error.");
  command->add_option("a", options->a, "A file of tensors")->required();
  command->add_option("b", options->b, "Another")->required();
  add_rule_options(*command, options->rules, RuleSet::map);
  command->add_flag("--match", options->match, "Compare what other programs call by other names");
  command->add_option("--tolerance", options->absolute, "Absolute tolerance")->capture_default_str();
  command->add_option("--relative-tolerance", options->relative, "Relative tolerance")->capture_default_str();
  command->add_flag("--all", options->all, "List equal tensors too");
  command->add_flag("--json", options->json, "Print JSON");
  command->callback([options, &run] { run = [options] { return diff(*options); }; });
}
