// Rules for names as options, and the report of matched names as text and as JSON.
#include "rule_options.h"

#include "output.h"

#include <fmt/format.h>

#include <iostream>

using namespace weft;
using Json = nlohmann::ordered_json;

std::vector<CLI::Option*> add_rule_options(CLI::App& command, NameRules& rules, RuleSet set) {
  std::vector<CLI::Option*> added;
  const auto list = [&](const char* name, std::vector<std::string>& to, const char* text) {
    added.push_back(command.add_option(name, to, text));
    added.back()->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  };
  list("--map", rules.map, "regex=replacement for names, repeatable; an empty name leaves a tensor out");
  if (set == RuleSet::all) {
    list("--only", rules.only, "Only tensors of these names (regex, repeatable)");
    list("--except", rules.except, "No tensors of these names (regex, repeatable)");
  }
  list("--transpose", rules.transpose, "Matrices to turn, as PyTorch's kernels (regex, repeatable)");
  return added;
}

void print_report(const NameReport& report) {
  const std::string text = to_string(report);
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = text.find('\n', begin);
    std::cout << printable(text.substr(begin, end - begin)) << '\n';
    begin = end + 1;
  }
  const auto count = [](const auto& list, const char* what) {
    return list.empty() ? "" : fmt::format(", {} {}", list.size(), what);
  };
  std::cout << fmt::format("{} loaded{}{}{}{}{}{}\n", report.loaded.size(), count(report.missing, "missing"),
                           count(report.surplus, "surplus"), count(report.mis_shaped, "mis-shaped"),
                           count(report.wrong_type, "of a wrong type"), count(report.ambiguous, "ambiguous"),
                           report.complete() ? ": complete" : ": not complete");
}

Json json_of(const NameReport& report) {
  Json loaded = Json::array(), mis_shaped = Json::array(), wrong_type = Json::array(), ambiguous = Json::array();
  for (const auto& one : report.loaded) {
    Json line = {{"from", one.from}, {"to", one.to}, {"transposed", one.transposed}};
    if (!one.more_parts.empty()) line["more_parts"] = one.more_parts;
    loaded.push_back(line);
  }
  for (const auto& one : report.mis_shaped) {
    mis_shaped.push_back({{"from", one.from}, {"to", one.to}, {"got", one.got}, {"expected", one.expected}});
  }
  for (const auto& one : report.wrong_type) {
    wrong_type.push_back({{"from", one.from}, {"to", one.to}, {"got", to_string(one.got)}});
  }
  for (const auto& one : report.ambiguous) ambiguous.push_back({{"to", one.to}, {"candidates", one.candidates}});
  return {{"complete", report.complete()},
          {"loaded", loaded},
          {"missing", report.missing},
          {"missing_state", report.missing_state},
          {"surplus", report.surplus},
          {"surplus_state", report.surplus_state},
          {"mis_shaped", mis_shaped},
          {"wrong_type", wrong_type},
          {"ambiguous", ambiguous},
          {"left_out", report.left_out},
          {"unused_rules", report.unused_rules}};
}

void warn_of_unused(const std::vector<std::string>& rules) {
  for (const std::string& rule : rules) std::cerr << fmt::format("weft: no name met --{}\n", printable(rule));
}
