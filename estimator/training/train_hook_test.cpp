// Tests of hooks, signals and the log of a training run.
#include <doctest/doctest.h>
#include <weft/core/error.h>
#include <weft/core/ops/losses.h>
#include <weft/core/test_directory.h>
#include <weft/estimator/training/training.h>
#include <weft/layers/dense.h>

#include <cmath>
#include <csignal>
#include <filesystem>

#ifndef DOCTEST_CONFIG_DISABLE
namespace weft {
namespace {

// Batches of two numbers that follow from their place in the stream, with positions.
InputFn numbers(int64_t batches) {
  return [=] {
    auto next = std::make_shared<int64_t>(0);
    return Dataset(
        Dataset::Source{.draw =
                            [=](PendingBatch& pending) {
                              if (*next == batches) return false;
                              const auto k = static_cast<float>(++*next);
                              pending.batch.features["x"] = dense_feature(std::vector<float>{k, std::sin(k)});
                              pending.batch.size = 2;
                              pending.after = {7, 0, *next};
                              return true;
                            },
                        .make = {},
                        .seek = [=](const DatasetPosition& position) { *next = position.examples; },
                        .start = {7, 0, 0}});
  };
}

// A line through the numbers; every new one starts from the same weights.
struct Model {
  ParameterStore params{{.seed = 3}};
  Dense line{params, {.name = "line", .inputs = 1, .units = 1}};
  Trainer trainer;

  explicit Model(const std::string& model_dir = {}, const RunConfig& config = {})
      : trainer(params, {.optimizer = adagrad({.learning_rate = 0.1f}), .model_dir = model_dir, .config = config}) {}
  ModelFn model_fn() {
    return [this](Tape& tape, const Batch& batch) {
      const Var x = tape.constant(Tensor(Shape{2, 1}, std::span<const float>(batch.features.at("x").floats)));
      return mean_squared_error(line(x), kLabels);
    };
  }
  std::vector<float> state() const {
    std::vector<float> all;
    for (const Parameter& parameter : params) {
      for (const RowsView& view : {parameter.value(), parameter.slot(0).view}) all.push_back(view.data[0]);
    }
    return all;
  }
  static constexpr float kLabels[] = {1.0f, 0.0f};
};

}  // namespace

TEST_CASE("trainer: hooks see every step and every checkpoint, in their order") {
  const TestDirectory directory;
  Model model(directory.path, {.save_checkpoints_steps = 2});
  std::string seen;
  const auto note = [&](const char* what) {
    return [&seen, what](TrainContext& context) { seen += what + std::to_string(context.step) + " "; };
  };
  const auto saved = [&](TrainContext& context) {
    seen += std::filesystem::path(context.checkpoint).filename().string() + " ";
    CHECK(std::filesystem::exists(context.checkpoint));
  };
  const TrainHook hook{.begin = note("begin"),
                       .after_step = note("step"),
                       .before_save = note("save"),
                       .after_save = saved,
                       .end = note("end")};
  model.trainer.train(numbers(100), model.model_fn(), {.steps = 3, .hooks = {hook, {}}});
  CHECK(seen == "begin0 save0 model.ckpt-0.h5 step1 step2 save2 model.ckpt-2.h5 step3 save3 model.ckpt-3.h5 end3 ");
}

TEST_CASE("trainer: a hook ends the call, after a step or at what is saved, and the next call goes on exactly") {
  const TestDirectory directory;
  Model model(directory.path, {.save_checkpoints_steps = 4});
  const TrainHook at_step{.after_step = [](TrainContext& context) {
    CHECK(context.loss > 0.0);
    CHECK(context.examples == 2 * context.step);
    if (context.step == 3) context.request_stop();
  }};
  CHECK(model.trainer.train(numbers(100), model.model_fn(), {.steps = 50, .hooks = {at_step}}) == 3);
  const TrainHook at_save{.after_save = [](TrainContext& context) { context.request_stop(); }};
  CHECK(model.trainer.train(numbers(100), model.model_fn(), {.steps = 50, .hooks = {at_save}}) == 4);
  CHECK(ModelDirectory(directory.path).latest() == ModelDirectory(directory.path).checkpoint_path(7));
  model.trainer.train(numbers(100), model.model_fn(), {.max_steps = 20});
  Model once;
  once.trainer.train(numbers(100), once.model_fn(), {.steps = 20});
  CHECK(model.state() == once.state());
}

TEST_CASE("trainer: what a hook throws ends the call and is not saved") {
  const TestDirectory directory;
  Model model(directory.path);
  const TrainHook bad{.after_step = [](TrainContext&) { throw DataError("enough"); }};
  CHECK_THROWS_AS(model.trainer.train(numbers(100), model.model_fn(), {.hooks = {bad}}), DataError);
  CHECK(ModelDirectory(directory.path).latest() == ModelDirectory(directory.path).checkpoint_path(0));
}

TEST_CASE("trainer: a signal ends the call, the end is saved, and the signal's default is back") {
  const auto before = std::signal(SIGTERM, SIG_DFL);
  const TestDirectory directory;
  Model model(directory.path);
  const TrainHook killer{.after_step = [](TrainContext& context) {
    if (context.step == 5) std::raise(SIGTERM);
  }};
  CHECK(model.trainer.train(numbers(100), model.model_fn(), {.hooks = {killer}}) == 5);
  CHECK(model.trainer.stopped_by_signal() == SIGTERM);
  CHECK(ModelDirectory(directory.path).latest() == ModelDirectory(directory.path).checkpoint_path(5));
  const bool is_default = std::signal(SIGTERM, before) == SIG_DFL;
  CHECK(is_default);
  CHECK(model.trainer.train(numbers(100), model.model_fn(), {.max_steps = 6}) == 1);
  CHECK(model.trainer.stopped_by_signal() == 0);
}

TEST_CASE("trainer: what happens is told to the log, nothing is printed") {
  const TestDirectory directory;
  std::string log;
  const RunConfig config{.log_step_count_steps = 2, .log = [&](const std::string& line) { log += line + "\n"; }};
  Model model(directory.path, config);
  model.trainer.train(numbers(100), model.model_fn(), {.steps = 3});
  Model again(directory.path, config);
  again.trainer.restore();
  for (const char* line : {"Saving checkpoints for 0 into ", "step = 2 (", "Saving checkpoints for 3 into ",
                           "step = 3 (", "Loss for final step: ", "Restoring parameters from "}) {
    CAPTURE(line);
    CHECK(log.find(line) != std::string::npos);
  }
}

}  // namespace weft
#endif
