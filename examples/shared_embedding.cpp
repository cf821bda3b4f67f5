// The demo: one embedding table, shared by the videos that a user watched and the video that is shown, learns who
// clicks on what. Training is killed half way, goes on from its checkpoint in a new process, and shows what it learnt.
#include "click_data.h"
#include "click_report.h"
#include "progress_line.h"

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
#include <iostream>
#include <stdexcept>

namespace {

using namespace weft;

struct Demo {
  std::string directory = "demo";
  int64_t examples = 200'000;
  int64_t epochs = 6;

  static constexpr int64_t batch_size = 128;
  int64_t steps() const { return examples * epochs / batch_size; }
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
                        .config = {.save_checkpoints_steps = std::max<int64_t>(1, demo.steps() / 10)}});
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
  std::cout.flush();
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
  std::cout << "\n   The process was killed (SIGKILL). Another one goes on from "
            << std::filesystem::path(checkpoint).filename().string() << ":\n";
}

Demo parse_arguments(int argc, char** argv) {
  Demo demo;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const bool known = argument == "--directory" || argument == "--examples" || argument == "--epochs";
    if (!known || i + 1 == argc) {
      std::cout << "usage: shared_embedding [--directory demo] [--examples 200000] [--epochs 6]\n";
      std::exit(argument == "--help" ? 0 : 1);
    }
    const std::string value = argv[++i];
    if (argument == "--directory") demo.directory = value;
    if (argument == "--examples") demo.examples = std::stoll(value);
    if (argument == "--epochs") demo.epochs = std::stoll(value);
  }
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
  std::printf("1. Data: %lld users who watched 20 of %lld videos on average and are shown one more; %.0f MB in %s/.\n",
              static_cast<long long>(data.train_examples), static_cast<long long>(model.videos()), data.bytes / 1e6,
              demo.directory.c_str());

  std::printf("2. Training: %lld epochs, a checkpoint every %lld steps.\n", static_cast<long long>(demo.epochs),
              static_cast<long long>(demo.steps() / 10));
  train_with_interruption(demo);
  DNNClassifier classifier = make_classifier(demo);
  train(demo, classifier, [](int64_t) {});

  const Metrics metrics = classifier.evaluate([&] { return read_examples(reading(demo, "eval-*.tfrecord")); });
  std::printf(
      "3. On %lld held-out users: AUC %.4f. The planted model, which knows each user's taste, has %.4f: nothing can "
      "beat it.\n",
      static_cast<long long>(data.eval_examples), metrics["auc"], data.best_auc);
  std::cout << "   " << metrics << '\n';
  std::printf("4. Predictions for new users:\n");
  print_predictions(classifier, model);
  std::printf("5. Nearest neighbours in the learnt table (genres are hidden from it):\n");
  print_neighbours(classifier, model);
  std::printf("%.0f seconds in all.\n", seconds() - start);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    run(parse_arguments(argc, argv));
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
