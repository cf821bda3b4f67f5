// Summaries: event files written while training and after evaluations, and read again.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <unistd.h>
#include <weft/core/error.h>
#include <weft/core/test_directory.h>
#include <weft/estimator/training/summary_hook.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

namespace weft {

namespace {

using Clock = std::chrono::steady_clock;
namespace fs = std::filesystem;

class Summaries {
 public:
  Summaries(std::string directory, int64_t every_steps) : directory_(std::move(directory)), every_steps_(every_steps) {}

  void begin(const TrainContext& context) {
    writer_.emplace(EventWriterOptions{.dir = directory_});
    writer_->session_start(context.step + 1);
    written_.reset();
  }

  void after_step(const TrainContext& context) {
    if (written_ && context.step - *written_ < every_steps_) return;
    std::vector<EventWriter::Scalar> scalars = {{"loss", context.loss}};
    const double seconds = std::chrono::duration<double>(Clock::now() - at_).count();
    if (written_ && seconds > 0.0) {
      scalars.emplace_back("global_step/sec", static_cast<double>(context.step - *written_) / seconds);
      scalars.emplace_back("examples/sec", static_cast<double>(context.examples - examples_) / seconds);
    }
    writer_->scalars(context.step, scalars);
    written_ = context.step;
    examples_ = context.examples;
    at_ = Clock::now();
  }

  void end() { writer_.reset(); }

 private:
  std::string directory_;
  int64_t every_steps_;
  std::optional<EventWriter> writer_;
  std::optional<int64_t> written_;  // the step that was written last
  int64_t examples_ = 0;            // seen until then
  Clock::time_point at_ = Clock::now();
};

// The numbers of an event join those of its step.
void add_event(const Event& event, EvalHistory& history) {
  for (const EventValue& value : event.values) {
    if (!value.scalar) continue;
    Metrics& metrics = history[event.step];
    metrics.set(value.tag, *value.scalar);
    metrics.set("global_step", static_cast<double>(event.step));
  }
}

std::vector<std::string> event_files(const std::string& directory) {
  std::vector<std::string> files;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory, error)) {
    if (entry.path().filename().string().find("tfevents") != std::string::npos) files.push_back(entry.path().string());
  }
  std::ranges::sort(files);
  return files;
}

}  // namespace

TrainHook summary_hook(const std::string& directory, int64_t every_steps) {
  const auto summaries = std::make_shared<Summaries>(directory, every_steps);
  return {.begin = [summaries](TrainContext& context) { summaries->begin(context); },
          .after_step = [summaries](TrainContext& context) { summaries->after_step(context); },
          .end = [summaries](TrainContext&) { summaries->end(); }};
}

std::string eval_dir(const std::string& model_dir, const std::string& name) {
  return model_dir + (name.empty() ? "/eval" : "/eval_" + name);
}

void write_eval_metrics(EventWriter& writer, const Metrics& metrics) {
  std::vector<EventWriter::Scalar> scalars;
  for (const auto& [name, value] : metrics) {
    if (name != "global_step") scalars.emplace_back(name, value);
  }
  writer.scalars(static_cast<int64_t>(metrics["global_step"]), scalars);
  writer.flush();
}

EvalHistory read_eval_metrics(const std::string& directory, const std::function<void(const std::string&)>& log) {
  EvalHistory history;
  for (const std::string& file : event_files(directory)) {
    try {
      EventReader reader(file);
      for (Event event; reader.next(event);) add_event(event, history);
    } catch (const DataError& error) {
      if (log) log(fmt::format("The rest of {} is passed over: {}", file, error.what()));
    }
  }
  return history;
}

#ifndef DOCTEST_CONFIG_DISABLE
namespace {

Metrics evaluated(int64_t step, double loss) {
  Metrics metrics;
  metrics.set("loss", loss);
  metrics.set("global_step", static_cast<double>(step));
  return metrics;
}

}  // namespace

TEST_CASE("summaries: the loss of the first step and then every few") {
  const TestDirectory directory;
  ParameterStore params;
  const TrainHook hook = summary_hook(directory.path, 3);
  TrainContext context{.params = params, .step = 10};
  hook.begin(context);
  for (context.step = 11; context.step <= 18; ++context.step) {
    context.loss = static_cast<double>(context.step) / 2;
    hook.after_step(context);
  }
  hook.end(context);
  const EvalHistory history = read_eval_metrics(directory.path);
  REQUIRE(history.size() == 3);
  CHECK(history.at(11)["loss"] == 5.5);
  CHECK_FALSE(history.at(11).contains("global_step/sec"));
  CHECK(history.at(14)["global_step/sec"] > 0.0);
  CHECK(history.at(14).contains("examples/sec"));
  CHECK(history.at(17)["loss"] == 8.5);
}

TEST_CASE("summaries: evaluations of several calls are read by step, past damage and other files") {
  const TestDirectory directory;
  const std::string eval = eval_dir(directory.path, "held_out");
  CHECK(eval == directory.path + "/eval_held_out");
  CHECK(eval_dir("m") == "m/eval");
  CHECK(read_eval_metrics(eval).empty());
  EventWriter first({.dir = eval}), second({.dir = eval});
  write_eval_metrics(first, evaluated(200, 0.25));
  write_eval_metrics(second, evaluated(100, 0.5));
  EventWriter damaged({.dir = eval, .suffix = ".cut"});
  damaged.scalar("loss", 300, 0.125);
  damaged.close();
  fs::resize_file(damaged.path(), fs::file_size(damaged.path()) - 1);
  int told = 0;
  const EvalHistory history = read_eval_metrics(eval, [&](const std::string&) { ++told; });
  REQUIRE(history.size() == 2);
  CHECK(history.begin()->first == 100);
  CHECK(history.at(200)["loss"] == 0.25);
  CHECK(told == 1);
}
#endif

}  // namespace weft
