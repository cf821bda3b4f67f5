// weft_reference: runs every case of a directory of reference answers and says how far weft is from each.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <set>

#include "families.h"

namespace weft::reference {
namespace {

constexpr std::string_view usage =
    "usage: weft_reference DIR [--family A]... [--case NAME]... [--json OUT] [--allow-unsupported]\n"
    "Runs the cases of DIR/index.json, or those of the families and names given (a name may be FAMILY/NAME).\n"
    "Exit status 0: none failed and none is unsupported (or that is allowed); 1: otherwise; 2: nothing could be run.\n";

struct Options {
  std::string data;
  std::set<std::string> families;
  std::set<std::string> cases;
  std::string json;
  bool allow_unsupported = false;
};

struct UsageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

Options parse_options(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    const auto next = [&]() -> std::string {
      if (i + 1 >= argc) throw UsageError(fmt::format("{} needs a value", argument));
      return argv[++i];
    };
    if (argument == "--family") {
      options.families.insert(next());
    } else if (argument == "--case") {
      options.cases.insert(next());
    } else if (argument == "--json") {
      options.json = next();
    } else if (argument == "--allow-unsupported") {
      options.allow_unsupported = true;
    } else if (argument.starts_with("-") || !options.data.empty()) {
      throw UsageError(fmt::format("unknown argument {}", argument));
    } else {
      options.data = argument;
    }
  }
  if (options.data.empty()) throw UsageError("no directory given");
  return options;
}

// The cases asked for. A family or a case that isn't there is an error: a typing mistake must not look like success.
std::vector<CaseEntry> selected(const Options& options) {
  std::vector<CaseEntry> entries = read_index(options.data);
  std::set<std::string> families = options.families, cases = options.cases;
  std::erase_if(entries, [&](const CaseEntry& entry) {
    const std::string full = entry.family + "/" + entry.name;
    const bool by_family = options.families.empty() || options.families.contains(entry.family);
    const bool by_case = options.cases.empty() || options.cases.contains(entry.name) || options.cases.contains(full);
    families.erase(entry.family);
    if (by_family) {
      cases.erase(entry.name);
      cases.erase(full);
    }
    return !by_family || !by_case;
  });
  if (!families.empty()) throw UsageError("there is no family " + *families.begin());
  if (!cases.empty()) throw UsageError("there is no case " + *cases.begin());
  if (entries.empty()) throw UsageError("there is no case in " + options.data);
  return entries;
}

std::string one_line(std::string text) {
  std::ranges::replace(text, '\n', ' ');
  return text;
}

Json to_json(const CaseEntry& entry, const std::string& status, const Report& report) {
  Json failures = Json::array();
  for (const auto& failure : report.failures()) failures.push_back(failure.what);
  return {{"family", entry.family},
          {"name", entry.name},
          {"status", status},
          {"summary", report.summary()},
          {"failures", failures},
          {"comparisons", report.comparisons()},
          {"largest_deviation", fmt::format("{:.3g}", report.largest())}};
}

int run(const Options& options) {
  int passed = 0, failed = 0, unsupported = 0;
  Json results = Json::array();
  for (const CaseEntry& entry : selected(options)) {
    Report report;
    run_case(options.data, entry, report);
    const bool missing = !report.failed() && report.is_unsupported();
    const std::string status = report.failed() ? "FAIL" : missing ? "UNSUPPORTED" : "pass";
    ++(report.failed() ? failed : missing ? unsupported : passed);
    const std::string detail = status == "pass" ? "" : " " + one_line(report.summary());
    fmt::print("{} {}/{}{}\n", status, entry.family, entry.name, detail);
    results.push_back(to_json(entry, status, report));
  }
  fmt::print("{} passed, {} failed, {} unsupported\n", passed, failed, unsupported);
  if (!options.json.empty()) {
    std::ofstream out(options.json);
    // Messages quote bytes of broken files, which need not be UTF-8.
    out << results.dump(1, ' ', true, Json::error_handler_t::replace) << '\n';
    if (!out.flush()) throw UsageError("can't write " + options.json);
  }
  return failed == 0 && (unsupported == 0 || options.allow_unsupported) ? 0 : 1;
}

}  // namespace
}  // namespace weft::reference

int main(int argc, char** argv) {
  try {
    return weft::reference::run(weft::reference::parse_options(argc, argv));
  } catch (const std::exception& e) {
    fmt::print(stderr, "weft_reference: {}\n{}", e.what(), weft::reference::usage);
    return 2;
  }
}
