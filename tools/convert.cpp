// weft convert: tensors of one file in another format, under other names, or under those that another file has.
#include "command.h"
#include "output.h"
#include "rule_options.h"
#include "tensor_files.h"
#include "word_plan.h"

#include <fmt/format.h>
#include <weft/core/error.h>

#include <iostream>
#include <memory>
#include <optional>
#include <set>

using namespace weft;
using Json = nlohmann::ordered_json;

namespace {

struct Options {
  std::string in, out, to;
  NameRules rules;
  std::string like;
  bool lenient = false;
  int compression = 0;
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
  std::optional<NameReport> report = {};  ///< of --like
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

/// A table with its words: what word vectors are. Rules come first.
Plan make_word_plan(const NamedTensors& in, const Options& options) {
  const RenamedTensors renamed = apply(options.rules, in);
  const WordTable words = with_vocabulary(renamed.tensors, options.table, options.vocabulary, "weft convert");
  Plan plan{.tensors = words.tensors, .lines = {}, .unused_rules = renamed.unused_rules};
  for (const RenamedTensor& name : renamed.names) {
    if (name.to == words.table)
      plan.lines.push_back({name.from, "vectors", name.transposed ? "transposed" : "written"});
  }
  return plan;
}

/// What the file of --like has, from the input.
Plan make_plan_like(const NamedTensors& in, const Options& options) {
  MatchedTensors matched = match_tensors(in, tensor_targets(open_file(options.like)), options.rules);
  Plan plan{.tensors = matched.tensors, .lines = {}, .unused_rules = matched.report.unused_rules};
  plan.report = std::move(matched.report);
  return plan;
}

/// No option is passed over: those of other formats are refused.
void check_options(const Options& options, const std::string& format) {
  const bool words = takes_word_vectors(format);
  const auto refuse = [&](const char* option, const std::string& expected) {
    throw ValueError(fmt::format("[weft convert] got {} for the format {}, expected {}.", option, format, expected));
  };
  if (words && !options.like.empty()) refuse("--like", "--table and --vocabulary: word vectors are one table");
  if (!words && !options.table.empty()) refuse("--table", "--only: it is for word vectors");
  if (format != "weft" && options.compression != 0) refuse("--compress", "none: it is for weft's own checkpoints");
  if (!words && !options.vocabulary.empty()) refuse("--vocabulary", "none: it is for word vectors");
}

void report_json(const Options& options, const NamedTensors& in, const std::string& format, const Plan& plan,
                 bool written) {
  Json json = {{"in", in.where()},           {"out", options.out}, {"format", format},
               {"dry_run", options.dry_run}, {"written", written}, {"unused_rules", plan.unused_rules}};
  if (plan.report) {
    json["like"] = options.like;
    json["report"] = json_of(*plan.report);
  } else {
    Json list = Json::array();
    for (const Line& line : plan.lines) {
      list.push_back({{"from", line.from}, {"to", line.to.empty() ? Json() : Json(line.to)}, {"what", line.what}});
    }
    json["tensors"] = list;
  }
  print_json(json);
}

void report_text(const Options& options, const NamedTensors& in, const std::string& format, const Plan& plan,
                 bool written) {
  if (plan.report) {
    print_report(*plan.report);
  } else {
    std::vector<std::vector<std::string>> rows;
    for (const Line& line : plan.lines) rows.push_back({line.from, line.to, line.what});
    print_columns({"from", "to", ""}, rows);
  }
  const char* what = written ? "written" : options.dry_run ? "would be written" : "fit; nothing was written";
  std::cout << fmt::format(
      "{} of {} tensors {} to {} ({}){}\n",
      plan.report
          ? plan.report->loaded.size()
          : static_cast<size_t>(std::ranges::count_if(plan.lines, [](const Line& line) { return !line.to.empty(); })),
      in.tensors().size(), what, printable(options.out), format, options.dry_run ? ": a dry run" : "");
}

int convert(const Options& options) {
  const std::string format = options.to.empty() ? format_of(options.out) : options.to;
  check_options(options, format);
  const NamedTensors in = open_file(options.in);
  const Plan plan = takes_word_vectors(format) ? make_word_plan(in, options)
                    : options.like.empty()     ? make_plan(in, options.rules)
                                               : make_plan_like(in, options);
  const bool fits = !plan.report || plan.report->complete() || options.lenient;
  check_names(options.out, format, plan.tensors);
  if (!plan.report) warn_of_unused(plan.unused_rules);  // the report has them
  const bool written = fits && !options.dry_run;
  if (written) {
    Progress progress(bytes_of(plan.tensors));
    write_tensors(options.out, format, watched(plan.tensors, [&](int64_t bytes) { progress.add(bytes); }),
                  {.compression = options.compression});
  }
  (options.json ? report_json : report_text)(options, in, format, plan, written);
  return fits ? ExitCode::kOk : ExitCode::kDiffers;
}

}  // namespace

void add_convert(CLI::App& program, Run& run) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = program.add_subcommand("convert", "Write the tensors of a file in another format, or renamed");
  command->footer(
      "Rules are regular expressions (ECMAScript) that a name must have in it: anchor them with ^ and $.\n"
      "--only, --except and --transpose look at the names in the file; --map rules follow one another.\n"
      "--like finds by itself which tensor of the one program is which of the other, after the rules, and reports "
      "what\n"
      "is loaded, missing, surplus or mis-shaped; if that is not complete, nothing is written and the exit code is 1.\n"
      "Tensors are read and written a piece at a time; OUT appears when it is whole.\n"
      "A TensorFlow checkpoint is named in its directory's file 'checkpoint', unless a model of weft's is there.");
  command->add_option("in", options->in, "A file of tensors, or a model directory")->required();
  command->add_option("out", options->out, "The file to write")->required();
  command->add_option("--to", options->to, "Format; by default what OUT's name says")
      ->check(CLI::IsMember(writable_formats()));
  add_rule_options(*command, options->rules);
  CLI::Option* like = command->add_option("--like", options->like,
                                          "A file or model directory whose names, layouts and tensors OUT is to have");
  command->add_flag("--lenient", options->lenient, "With --like: write what fits, exit code 0")->needs(like);
  command->add_option("--table", options->table, "For word vectors: the table, by its name after the rules");
  command->add_option("--vocabulary", options->vocabulary, "For word vectors: the file of its words, one a line");
  command
      ->add_option("--compress", options->compression,
                   "For weft's own format: 1 (fastest) to 9 (smallest), read by every program that reads HDF5")
      ->check(CLI::Range(0, 9));
  command->add_flag("--dry-run", options->dry_run, "Only report what would be written");
  command->add_flag("--json", options->json, "Print JSON");
  command->callback([options, &run] { run = [options] { return convert(*options); }; });
}
