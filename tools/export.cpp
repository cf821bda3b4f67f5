// weft export: a trained model in the formats of other programs.
#include "command.h"
#include "exported_tables.h"
#include "model_command.h"
#include "output.h"
#include "tensor_files.h"
#include "word_plan.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <weft/core/error.h>
#include <weft/estimator/export_onnx.h>
#include <weft/io/formats/import_parameters.h>
#include <weft/io/formats/variable_names.h>
#include <weft/io/model_directory.h>

#include <algorithm>
#include <iostream>
#include <memory>

using namespace weft;
using Json = nlohmann::ordered_json;

namespace {

constexpr const char* kOnnx = "onnx";
constexpr const char* kProjector = "projector";

struct Options {
  ModelCommand model;
  std::string out, to, checkpoint;
  bool variables = false;
  std::string table, vocabulary;
  std::optional<int64_t> max_rows;
};

std::vector<std::string> formats() {
  std::vector<std::string> all = writable_formats();
  all.insert(all.end(), {kOnnx, kProjector});
  return all;
}

std::string format_to(const Options& options) {
  if (!options.to.empty()) return options.to;
  return options.out.ends_with(".onnx") ? kOnnx : format_of(options.out);
}

/// No option is passed over: those of other formats are refused.
void check_options(const Options& options, const std::string& format) {
  const bool tensors = format != kOnnx && format != kProjector;
  const bool words = tensors && takes_word_vectors(format);
  const auto refuse = [&](const char* option, const char* formats) {
    throw ValueError(
        fmt::format("[weft export] got {} for the format {}, expected it for {} only.", option, format, formats));
  };
  if (!words && !options.table.empty()) refuse("--table", "word vectors");
  if (!words && !options.vocabulary.empty()) refuse("--vocabulary", "word vectors");
  if (format != kProjector && options.max_rows) refuse("--max-rows", kProjector);
  if ((!tensors || words) && options.variables) refuse("--variables", "files of all tensors");
}

struct Exported {
  std::string format, checkpoint;
  int64_t step = 0;
  std::vector<std::string> tensors;  ///< or tables; none are told of ONNX
};

/// The model with the numbers of a checkpoint, without a directory of its own.
template <class Model>
Model loaded(Model model, const std::string& checkpoint) {
  model.import_checkpoint(checkpoint);
  return model;
}

/// Keras keeps an optimizer's slots in another way than in a file of weights.
NamedTensors tensors_of(const Estimator& model, bool variables) {
  const NamedTensors all = exported_parameters(model.params(), model.checkpoint_names());
  if (!variables) return all;
  return all.renamed([](const std::string& name) { return is_training_state(name) ? std::string() : name; });
}

void write_model(const Options& options, const Estimator& model, Exported& done) {
  NamedTensors tensors = tensors_of(model, options.variables || done.format == "keras");
  if (takes_word_vectors(done.format)) {
    WordTable words = with_vocabulary(tensors, options.table, options.vocabulary, "weft export");
    done.tensors = {words.table};
    tensors = std::move(words.tensors);
  } else {
    for (const TensorInfo& info : tensors.tensors()) done.tensors.push_back(info.name);
  }
  Progress progress(bytes_of(tensors));
  write_tensors(options.out, done.format, watched(tensors, [&](int64_t bytes) { progress.add(bytes); }));
}

Exported export_model(const Options& options) {
  Config config = read_config(options.model.path, options.model.changes);
  Exported done{.format = format_to(options), .checkpoint = options.checkpoint, .tensors = {}};
  check_options(options, done.format);
  if (done.checkpoint.empty()) {
    check_trained(config);
    done.checkpoint = *ModelDirectory(config.run.model_dir).latest();
  }
  config.run.warm_start = {};
  if (done.format == kOnnx) {
    const DNNEstimator model = loaded(make_dnn_estimator(config), done.checkpoint);
    export_onnx(model, options.out);
    done.step = model.global_step();
    return done;
  }
  Estimator model = loaded(make_estimator(config, false), done.checkpoint);
  done.step = model.global_step();
  if (done.format == kProjector) {
    done.tensors = export_tables(config.model, model.params(), options.out, options.max_rows);
  } else {
    write_model(options, model, done);
  }
  return done;
}

int run_export(const Options& options) {
  const Exported done = export_model(options);
  if (options.model.json) {
    print_json({{"out", options.out},
                {"format", done.format},
                {"checkpoint", done.checkpoint},
                {"global_step", done.step},
                {"tensors", done.tensors}});
    return ExitCode::kOk;
  }
  for (const std::string& name : done.tensors) std::cout << printable(name) << '\n';
  std::cout << fmt::format("{} at step {} written to {} ({})\n", printable(done.checkpoint), done.step,
                           printable(options.out), done.format);
  return ExitCode::kOk;
}

}  // namespace

void add_export(CLI::App& program, Run& run) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = program.add_subcommand("export", "Write a trained model for other programs");
  command->footer(
      "tensorflow: what tf.estimator's model of the same columns finds in its model_dir and restores, slots and all.\n"
      "keras: the weights, in the layout of an .h5; weft convert --like gives them a Keras model's own names.\n"
      "onnx: the whole network of a dnn model, from ids to probabilities. projector: OUT is a directory for\n"
      "TensorBoard, with the tables of embeddings and their words. word2vec, word2vec-binary, fvecs: one table.\n"
      "The others hold all tensors under the names of weft's checkpoints; weft convert gives them other ones.");
  add_model_options(*command, options->model);
  command->add_option("out", options->out, "The file to write; of projector the directory")->required();
  command->add_option("--to", options->to, "Format; by default what OUT's name says")->check(CLI::IsMember(formats()));
  command->add_option("--checkpoint", options->checkpoint,
                      "A checkpoint of the model; by default the newest of run.model_dir");
  command->add_flag("--variables", options->variables, "Without the optimizer's slots and the step");
  command->add_option("--table", options->table, "For word vectors: the table");
  command->add_option("--vocabulary", options->vocabulary, "For word vectors: the file of its words, one a line");
  command->add_option("--max-rows", options->max_rows, "For projector: only so many rows of each table");
  command->callback([options, &run] { run = [options] { return run_export(*options); }; });
}
