// The demo: one embedding table, shared by the videos that a user watched and the video that is shown, learns who
// clicks on what. Training is killed half way, goes on from its checkpoint in a new process, and shows what it learnt.
#include "click_data.h"
#include "click_report.h"
#include "progress_line.h"

#include <fmt/format.h>
#include <weft/weft.h>

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <stdexcept>

namespace {

using namespace weft;

struct Demo {
  std::string directory = "demo";
  int64_t examples = 200'000;
  int64_t epochs = 6;

  static constexpr int64_t batch_size = 128;
  int64_t steps() const { return examples * epochs / batch_size; }
  int64_t steps_between_checkpoints() const { return std::max<int64_t>(1, steps() / 10); }
  std::string model_dir() const { return directory + "/model"; }
};

/// Two columns, one table: what is learnt about a video that was watched is known about it when it is shown.
std::vector<FeatureColumn> click_columns(const Demo& demo) {
  const std::string videos = demo.directory + "/videos.txt";
  const auto watched = categorical_column_with_vocabulary_file({.key = "watched_video_id", .vocabulary_file = videos});
  const auto shown = categorical_column_with_vocabulary_file({.key = "impression_video_id", .vocabulary_file = videos});
  return shared_embedding_columns({watched, shown}, {.dimension = 10});
}

DNNClassifier make_classifier(const Demo& demo) {
  return DNNClassifier({.hidden_units = {64, 32},
                        .feature_columns = click_columns(demo),
                        .model_dir = demo.model_dir(),
                        .config = {.save_checkpoints_steps = demo.steps_between_checkpoints()}});
}

ReadExamplesOptions reading(const Demo& demo, const std::string& files) {
  return {.files = demo.directory + "/" + files,
          .spec = make_parse_example_spec(click_columns(demo), numeric_column({.key = "clicked"})),
          .label = "clicked",
          .batch_size = Demo::batch_size};
}

/// Trains to the end from wherever the newest checkpoint is; `after_step` sees the global step now and then.
void train(const Demo& demo, DNNClassifier& classifier, const std::function<void(int64_t)>& after_step) {
  ReadExamplesOptions options = reading(demo, "train-*.tfrecord");
  options.shuffle_buffer = 10'000;
  options.repeat = {};  // for ever: the number of steps is the end
  ProgressLine line(Demo::batch_size);
  const auto progress = [&](const TrainProgress& now) {
    line.show(now);
    after_step(now.step);
  };
  classifier.train([&] { return read_examples(options); },
                   {.max_steps = demo.steps(), .progress = progress, .progress_steps = 20});
  line.finish();
}

/// Trains in a child process, which kills itself a little after half of the steps: nothing is flushed, nothing said
/// good-bye.
void train_until_killed(const Demo& demo) {
  std::fflush(stdout);  // or both processes print it
  const pid_t child = fork();
  if (child < 0) throw std::runtime_error("fork failed");
  if (child == 0) {
    DNNClassifier classifier = make_classifier(demo);
    train(demo, classifier, [&](int64_t step) {
      if (step > demo.steps() / 2 + demo.steps() / 20) std::raise(SIGKILL);
    });
    std::_Exit(1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
    throw std::runtime_error("the first half was not to end by itself");
}

void train_with_interruption(const Demo& demo) {
  std::filesystem::remove_all(demo.model_dir());
  train_until_killed(demo);
  const std::string checkpoint = ModelDirectory(demo.model_dir()).latest().value();
  fmt::print("\n   The process was killed (SIGKILL). Another one goes on from {}:\n",
             std::filesystem::path(checkpoint).filename().string());
}

/// Throws std::exception for what is no argument.
Demo parse_arguments(int argc, char** argv) {
  Demo demo;
  if (argc % 2 == 0) throw std::runtime_error("an option without a value");
  for (int i = 1; i < argc; i += 2) {
    const std::string option = argv[i];
    if (option == "--directory") {
      demo.directory = argv[i + 1];
    } else if (option == "--examples") {
      demo.examples = std::stoll(argv[i + 1]);
    } else if (option == "--epochs") {
      demo.epochs = std::stoll(argv[i + 1]);
    } else {
      throw std::runtime_error("no option " + option);
    }
  }
  if (demo.examples < 1'000 || demo.epochs < 1) throw std::runtime_error("too few examples or epochs");
  return demo;
}

double seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

void run(const Demo& demo) {
  const double start = seconds();
  const ClickDataOptions options = {
      .directory = demo.directory, .train_examples = demo.examples, .eval_examples = demo.examples / 10};
  const ClickModel model(options.videos, options.seed);
  const ClickData data = write_click_data(model, options);
  fmt::print("1. Data: {} users who watched 20 of {} videos on average and are shown one more; {:.0f} MB in {}/.\n",
             data.train_examples, model.videos(), data.bytes / 1e6, demo.directory);

  fmt::print("2. Training: {} epochs, a checkpoint every {} steps.\n", demo.epochs, demo.steps_between_checkpoints());
  train_with_interruption(demo);
  DNNClassifier classifier = make_classifier(demo);
  train(demo, classifier, [](int64_t) {});

  const Metrics metrics = classifier.evaluate([&] { return read_examples(reading(demo, "eval-*.tfrecord")); });
  const std::vector<ColumnCounts> counts = classifier.input_counts();
  fmt::print(
      "3. On {} held-out users: AUC {:.4f}. The planted model, which knows each user's taste, has {:.4f}: nothing\n"
      "   can beat it. {}\n",
      data.eval_examples, metrics["auc"], data.best_auc, to_string(metrics));
  fmt::print("4. Predictions for new users:\n");
  print_predictions(classifier, model);
  fmt::print("5. Nearest neighbours in the learnt table (genres are hidden from it):\n");
  print_neighbours(classifier, model);
  fmt::print("6. What became of the held-out users' ids (what an input drops, it counts):\n");
  print_counts(counts);
  fmt::print("{:.0f} seconds in all.\n", seconds() - start);
}

}  // namespace

int main(int argc, char** argv) {
  Demo demo;
  try {
    demo = parse_arguments(argc, argv);
  } catch (const std::exception&) {
    fmt::print(stderr, "usage: shared_embedding [--directory demo] [--examples 200000, at least 1000] [--epochs 6]\n");
    return 1;
  }
  try {
    run(demo);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
