// weft convert: tensors of one file in another format, under other names.
#include "command.h"
#include "output.h"
#include "tensor_files.h"
#include "word_list.h"

#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/io/formats/name_rules.h>
#include <weft/io/formats/word_vectors.h>

#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>

using namespace weft;
using Json = nlohmann::ordered_json;

namespace {

struct Options {
  std::string in, out, to;
  NameRules rules;
  std::string table, vocabulary;
  bool dry_run = false;
  bool json = false;
};

struct Line {
  std::string from, to, what;  // what: "written", "transposed", or why it is left out
};

struct Plan {
  NamedTensors tensors;
  std::vector<Line> lines;
  std::vector<std::string> unused_rules;
};

/// Every tensor of the file and what becomes of it. Texts have no place in a checkpoint of numbers.
Plan make_plan(const NamedTensors& in, const NameRules& rules) {
  RenamedTensors renamed = apply(rules, in);
  Plan plan{.tensors = renamed.tensors, .lines = {}, .unused_rules = renamed.unused_rules};
  std::set<std::string> no_numbers;
  for (const RenamedTensor& name : renamed.names) {
    const TensorInfo& info = *in.find(name.from);
    if (name.to.empty()) {
      plan.lines.push_back({name.from, "", "left out"});
    } else if (size_of(info.type) == 0) {
      plan.lines.push_back({name.from, "", fmt::format("left out: {}, no numbers", to_string(info.type))});
      no_numbers.insert(name.to);
    } else {
      plan.lines.push_back({name.from, name.to, name.transposed ? "transposed" : "written"});
    }
  }
  plan.tensors = plan.tensors.renamed([&](const std::string& name) { return no_numbers.contains(name) ? "" : name; });
  return plan;
}

/// A table with its words: what word vectors are.
Plan make_word_plan(const NamedTensors& in, const Options& options) {
  const bool own_words = options.vocabulary.empty() && in.find("vectors") != nullptr && in.find("words") != nullptr;
  if (own_words) return {.tensors = in, .lines = {{"vectors", "vectors", "written"}}, .unused_rules = {}};
  if (options.table.empty() || options.vocabulary.empty()) {
    throw ValueError(
        "[weft convert] word vectors are one table with its words: say --table NAME and --vocabulary FILE.");
  }
  const TensorInfo* table = in.find(options.table);
  std::vector<std::string> words = read_words(options.vocabulary);
  if (table != nullptr && static_cast<int64_t>(words.size()) < table->rows()) {
    throw DataError(fmt::format("[weft convert] {}: got {} words, expected {}, one for each row of '{}'.",
                                options.vocabulary, words.size(), table->rows(), options.table));
  }
  return {.tensors = with_words(in, options.table, std::move(words)),
          .lines = {{options.table, "vectors", "written"}},
          .unused_rules = {}};
}

void report(const Options& options, const NamedTensors& in, const std::string& format, const Plan& plan) {
  if (options.json) {
    Json list = Json::array();
    for (const Line& line : plan.lines) {
      list.push_back({{"from", line.from}, {"to", line.to.empty() ? Json() : Json(line.to)}, {"what", line.what}});
    }
    print_json({{"in", in.where()},
                {"out", options.out},
                {"format", format},
                {"dry_run", options.dry_run},
                {"unused_rules", plan.unused_rules},
                {"tensors", list}});
    return;
  }
  std::vector<std::vector<std::string>> rows;
  int64_t written = 0;
  for (const Line& line : plan.lines) {
    rows.push_back({line.from, line.to, line.what});
    written += !line.to.empty();
  }
  print_columns({"from", "to", ""}, rows);
  std::cout << fmt::format("{} of {} tensors {} to {} ({}){}\n", written, plan.lines.size(),
                           options.dry_run ? "would be written" : "written", printable(options.out), format,
                           options.dry_run ? ": a dry run" : "");
}

int convert(const Options& options) {
  const NamedTensors in = open_file(options.in);
  const std::string format = options.to.empty() ? format_of(options.out) : options.to;
  const Plan plan = takes_word_vectors(format) ? make_word_plan(in, options) : make_plan(in, options.rules);
  for (const std::string& rule : plan.unused_rules) {
    std::cerr << fmt::format("weft: no name met --{}\n", printable(rule));
  }
  if (!options.dry_run) {
    Progress progress(bytes_of(plan.tensors));
    write_tensors(options.out, format, watched(plan.tensors, [&](int64_t bytes) { progress.add(bytes); }));
  }
  report(options, in, format, plan);
  return ExitCode::kOk;
}

}  // namespace

void add_convert(CLI::App& program, Run& run) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = program.add_subcommand("convert", "Write the tensors of a file in another format, or renamed");
  command->footer(
      "Rules are regular expressions (ECMAScript) that a name must have in it: anchor them with ^ and $.\n"
      "--only, --except and --transpose look at the names in the file; --map rules follow one another.\n"
      "Tensors are read and written a piece at a time; OUT appears when it is whole.");
  command->add_option("in", options->in, "A file of tensors, or a model directory")->required();
  command->add_option("out", options->out, "The file to write")->required();
  command->add_option("--to", options->to, "Format; by default what OUT's ending says")
      ->check(CLI::IsMember(writable_formats()));
  const auto list = [&](const char* name, std::vector<std::string>& to, const char* text) {
    command->add_option(name, to, text)->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  };
  list("--map", options->rules.map, "regex=replacement for names, repeatable; an empty name leaves a tensor out");
  list("--only", options->rules.only, "Only tensors of these names (regex, repeatable)");
  list("--except", options->rules.except, "No tensors of these names (regex, repeatable)");
  list("--transpose", options->rules.transpose, "Matrices to turn, as PyTorch's kernels (regex, repeatable)");
  command->add_option("--table", options->table, "For word vectors: the table");
  command->add_option("--vocabulary", options->vocabulary, "For word vectors: the file of its words, one a line");
  command->add_flag("--dry-run", options->dry_run, "Only report what would be written");
  command->add_flag("--json", options->json, "Print JSON");
  command->callback([options, &run] { run = [options] { return convert(*options); }; });
}
