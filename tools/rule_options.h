// The rules for names that convert, diff and train take, and what became of names by them.
#pragma once
#include "command.h"

#include <weft/io/formats/match_tensors.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

/// --map, --only, --except and --transpose; diff, which looks at the first file's names, has no --only and --except.
enum class RuleSet { all, map };
std::vector<CLI::Option*> add_rule_options(CLI::App& command, weft::NameRules& rules, RuleSet set = RuleSet::all);

/// A line a tensor on the output stream, those that do not fit last, and a line that counts them.
void print_report(const weft::NameReport& report);
/// {"complete": ..., "loaded": [...], "missing": [...], ...}: all lists of the report under their names.
nlohmann::ordered_json json_of(const weft::NameReport& report);
/// Says on the error stream which rules no name met.
void warn_of_unused(const std::vector<std::string>& rules);
