// weft vocab: vocabularies built from data, and merged (vocab_remap.cpp: checkpoints that follow them).
#include "command.h"
#include "output.h"
#include "word_list.h"

#include <fmt/format.h>
#include <weft/io/vocabulary_builder.h>

#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string_view>
#include <unordered_set>

using namespace weft;

namespace {

struct Options {
  std::vector<std::string> files;
  std::string format = "tfrecord";
  CountValuesOptions count;
  WriteVocabularyOptions write;
  bool json = false;
};

int build(const Options& options) {
  CountValuesOptions count = options.count;
  count.more_files = options.files;
  count.format = options.format == "csv"    ? ValueFormat::csv
                 : options.format == "text" ? ValueFormat::text
                                            : ValueFormat::tfrecord;
  Counter counter("examples");
  count.progress = [&](int64_t examples) { counter.add(examples); };
  const VocabularySummary made = build_vocabulary(count, options.write);
  if (options.json) {
    print_json({{"path", options.write.path},
                {"size", made.size},
                {"distinct", made.distinct},
                {"occurrences", made.occurrences},
                {"total", made.total}});
  } else {
    std::cout << fmt::format("{}: {} of {} different values, {} of {} occurrences\n", printable(options.write.path),
                             made.size, made.distinct, made.occurrences, made.total);
  }
  return ExitCode::kOk;
}

/// The words of the first file keep their numbers; those of the others that are new follow in their order.
int merge(const Options& options) {
  std::vector<std::vector<std::string>> lists;
  for (const std::string& file : options.files) lists.push_back(read_words(file));
  std::unordered_set<std::string_view> seen;
  std::vector<std::string> merged;
  for (const auto& list : lists) {
    for (const std::string& word : list) {
      if (seen.insert(word).second) merged.push_back(word);
    }
  }
  write_words(options.write.path, merged);
  if (options.json) {
    print_json({{"path", options.write.path}, {"size", merged.size()}, {"new", merged.size() - lists[0].size()}});
  } else {
    std::cout << fmt::format("{}: {} words, {} of them not in {}\n", printable(options.write.path), merged.size(),
                             merged.size() - lists[0].size(), printable(options.files[0]));
  }
  return ExitCode::kOk;
}

void add_build(CLI::App& vocab, const std::shared_ptr<Options>& options, Run& run) {
  CLI::App* part = vocab.add_subcommand("build", "Count the values of features and write the frequent ones");
  part->add_option("files", options->files, "Data files, or quoted globs of them")->required();
  part->add_option("--output", options->write.path, "The vocabulary, a word a line, the most frequent first")
      ->required();
  part->add_option("--format", options->format, "tfrecord, csv, or text: every line is a value")
      ->check(CLI::IsMember({"tfrecord", "csv", "text"}))
      ->capture_default_str();
  part->add_option("--key", options->count.keys, "Feature or column, repeatable; not for text")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  part->add_flag("--integers", options->count.integers, "The values are integers");
  part->add_option("--compression", options->count.compression, "Of TFRecord files")
      ->check(CLI::IsMember({"GZIP", "ZLIB"}));
  part->add_option("--min-count", options->write.min_count, "Only values that occur so often")->capture_default_str();
  part->add_option("--top", options->write.top_k, "Only so many; -1: all")->capture_default_str();
  part->add_option("--counts", options->write.counts_path, "Write the counts to this file too");
  part->add_flag("--json", options->json, "Print JSON");
  part->callback([options, &run] { run = [options] { return build(*options); }; });
}

}  // namespace

void add_vocab(CLI::App& program, Run& run) {
  const auto options = std::make_shared<Options>();
  CLI::App* vocab = program.add_subcommand("vocab", "Vocabularies: build, merge, remap a checkpoint to another");
  vocab->require_subcommand(1);
  add_build(*vocab, options, run);
  CLI::App* part = vocab->add_subcommand("merge", "Join vocabularies; the first one's words keep their numbers");
  part->add_option("files", options->files, "Vocabularies, a word a line")->required();
  part->add_option("--output", options->write.path, "The vocabulary to write")->required();
  part->add_flag("--json", options->json, "Print JSON");
  part->callback([options, &run] { run = [options] { return merge(*options); }; });
  add_vocab_remap(*vocab, run);
}
