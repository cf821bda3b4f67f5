// weft vocab remap: a checkpoint's tables, with their optimizer's slots, for another vocabulary.
#include "command.h"
#include "output.h"
#include "remapped_rows.h"
#include "tensor_files.h"

#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/io/model_directory.h>

#include <cmath>
#include <filesystem>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

using namespace weft;
using Json = nlohmann::ordered_json;

namespace {

struct Options {
  std::string in, out, to;
  VocabInfo words;
  std::vector<std::string> tensors, slot_values;
  std::string initializer = "zeros";
  std::optional<float> stddev;
  uint64_t seed = 1;
  int64_t memory = 256;
  bool dry_run = false;
  bool json = false;
};

RemapOptions remap_options(const Options& options) {
  RemapOptions remap{.tables = options.tensors, .initializer = {}, .seed = options.seed, .slot_values = {}};
  remap.memory = options.memory << 20;
  const std::optional<float> stddev = options.stddev;
  remap.initializer = [zeros = options.initializer == "zeros", stddev](int64_t width) {
    if (zeros) return zeros_initializer();
    const float usual = 1.0f / std::sqrt(static_cast<float>(std::max<int64_t>(width, 1)));
    return truncated_normal_initializer({.stddev = stddev.value_or(usual)});
  };
  for (const std::string& given : options.slot_values) {
    const size_t equals = given.find('=');
    float value = 0.0f;
    if (equals == std::string::npos || !CLI::detail::lexical_cast(given.substr(equals + 1), value)) {
      throw ValueError(fmt::format("[weft vocab remap] --slot-value {}: expected NAME=NUMBER.", given));
    }
    remap.slot_values[given.substr(0, equals)] = value;
  }
  return remap;
}

/// Where it is written: a file, or a model directory whose newest checkpoint it becomes.
struct Place {
  std::string path;
  std::optional<ModelDirectory> directory;
  int64_t step = 0;
};

Place place_of(const Options& options, const NamedTensors& tensors) {
  Place place{.path = options.out, .directory = {}};
  std::error_code ignored;
  if (!options.out.ends_with('/') && !std::filesystem::is_directory(options.out, ignored)) return place;
  const TensorInfo* step = tensors.find("global_step");
  if (step != nullptr) place.step = tensors.read_integers("global_step").at(0);
  place.path = fmt::format("{}/model.ckpt-{}.h5", options.out, place.step);
  if (options.dry_run) return place;
  place.directory.emplace(options.out);
  place.path = place.directory->checkpoint_path(place.step);
  return place;
}

void report(const Options& options, const VocabRemap& words, const RemappedTensors& made, const std::string& path) {
  const int64_t added = words.new_words(), kept = words.new_extent() - added, dropped = words.old_extent() - kept;
  if (options.json) {
    Json list = Json::array();
    for (const RemappedTensor& one : made.remapped) {
      list.push_back({{"name", one.name},
                      {"old_rows", one.old_rows},
                      {"new_rows", one.new_rows},
                      {"buckets", one.buckets},
                      {"slot_value", one.slot_value ? Json(*one.slot_value) : Json()}});
    }
    print_json({{"out", path},
                {"dry_run", options.dry_run},
                {"words", {{"kept", kept}, {"new", added}, {"dropped", dropped}}},
                {"tensors", list}});
    return;
  }
  std::vector<std::vector<std::string>> rows;
  for (const RemappedTensor& one : made.remapped) {
    const std::string begins = one.slot_value ? fmt::format("{}", *one.slot_value) : options.initializer;
    rows.push_back({one.name, fmt::format("{}", one.old_rows), fmt::format("{}", one.new_rows),
                    fmt::format("{}", one.buckets), begins});
  }
  print_columns({"tensor", "rows", "become", "of them buckets", "new words begin with"}, rows);
  std::cout << fmt::format("{} words kept, {} new, {} dropped; {} {}{}\n", kept, added, dropped,
                           options.dry_run ? "it would be written to" : "written to", printable(path),
                           options.dry_run ? ": a dry run" : "");
}

int remap(const Options& options) {
  // Texts have no place in a checkpoint of numbers.
  const NamedTensors opened = open_file(options.in);
  const NamedTensors in = opened.renamed(
      [&](const std::string& name) { return size_of(opened.find(name)->type) == 0 ? std::string() : name; });
  const VocabRemap words(options.words);
  const RemappedTensors made = remap_rows(in, words, remap_options(options));
  Place place = place_of(options, in);
  const std::string format = !options.to.empty() ? options.to : place.directory ? "weft" : format_of(place.path);
  if (!options.dry_run) {
    Progress progress(bytes_of(made.tensors));
    write_tensors(place.path, format, watched(made.tensors, [&](int64_t bytes) { progress.add(bytes); }));
    if (place.directory) place.directory->record(place.step, 0);
  }
  report(options, words, made, place.path);
  return ExitCode::kOk;
}

void add_files(CLI::App& part, Options& options) {
  part.add_option("checkpoint", options.in, "A file of tensors, or a model directory")->required();
  part.add_option("old", options.words.old_vocab, "The vocabulary of its tables, a word a line")->required();
  part.add_option("new", options.words.new_vocab, "The vocabulary that they are to have")->required();
  part.add_option("out", options.out, "The file to write; a directory becomes a model directory that trains on")
      ->required();
  part.add_option("--to", options.to, "Format; by default what OUT's ending says")
      ->check(CLI::IsMember(writable_formats()));
}

}  // namespace

void add_vocab_remap(CLI::App& vocab, Run& run) {
  const auto options = std::make_shared<Options>();
  CLI::App* part = vocab.add_subcommand("remap", "Write a checkpoint whose tables follow another vocabulary");
  part->footer(
      "Rows move with their words, those of the optimizer's slots too; rows behind the words (out-of-vocabulary\n"
      "buckets) stay behind them; all other tensors stay as they are. A block of rows is in memory at a time.");
  add_files(*part, *options);
  const auto list = [&](const char* name, std::vector<std::string>& to, const char* text) {
    return part->add_option(name, to, text)->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  };
  list("--tensor", options->tensors, "A table, repeatable; its slots (NAME/...) go with it")->required();
  list("--slot-value", options->slot_values,
       "NAME=NUMBER: what new rows of this slot hold, as Adagrad=0.1; repeatable");
  part->add_option("--old-size", options->words.old_vocab_size, "Words of the old vocabulary that were used; -1: all");
  part->add_option("--new-size", options->words.new_vocab_size, "Words of the new vocabulary to use; -1: all");
  part->add_option("--initializer", options->initializer, "Of new words' rows: zeros or truncated_normal")
      ->check(CLI::IsMember({"zeros", "truncated_normal"}))
      ->capture_default_str();
  part->add_option("--stddev", options->stddev, "Of truncated_normal; by default 1 / sqrt(dimension)");
  part->add_option("--seed", options->seed, "Of truncated_normal")->capture_default_str();
  part->add_option("--memory", options->memory, "MiB of rows to hold; less means more reading")
      ->check(CLI::Range(int64_t{1}, int64_t{1} << 20))
      ->capture_default_str();
  part->add_flag("--dry-run", options->dry_run, "Only report what would be written");
  part->add_flag("--json", options->json, "Print JSON");
  part->callback([options, &run] { run = [options] { return remap(*options); }; });
}
