// Tests of train_and_evaluate: the same bits as training alone, early stopping over several lives, the best checkpoint.
#include <doctest/doctest.h>
#include <weft/core/error.h>
#include <weft/core/test_directory.h>
#include <weft/core/test_values.h>
#include <weft/estimator/dnn_regressor.h>
#include <weft/estimator/train_and_evaluate.h>

#include <algorithm>
#include <cmath>
#include <csignal>

#ifndef DOCTEST_CONFIG_DISABLE
namespace weft {
namespace {

// Batches of two examples x with the label 3 x, with positions.
InputFn lines(int64_t batches) {
  return [=] {
    auto next = std::make_shared<int64_t>(0);
    return Dataset(Dataset::Source{.draw =
                                       [=](PendingBatch& pending) {
                                         if (*next == batches) return false;
                                         const float x = std::sin(static_cast<float>(++*next));
                                         pending.batch.features["x"] = dense_feature(std::vector<float>{x, -x});
                                         pending.batch.labels = dense_feature(std::vector<float>{3 * x, -3 * x});
                                         pending.batch.size = 2;
                                         pending.after = {5, 0, *next};
                                         return true;
                                       },
                                   .make = {},
                                   .seek = [=](const DatasetPosition& position) { *next = position.examples; },
                                   .start = {5, 0, 0}});
  };
}

DNNRegressor regressor(const std::string& model_dir, float learning_rate = 0.5f, int threads = 1) {
  return DNNRegressor({.hidden_units = {3},
                       .feature_columns = numeric_column({.key = "x"}),
                       .model_dir = model_dir,
                       .optimizer = adagrad({.learning_rate = learning_rate}),
                       .dropout = 0.1f,
                       .config = {.save_checkpoints_steps = 10, .threads = threads}});
}

EvalSpec evaluation() {
  return {.input_fn = lines(4), .throttle_secs = 0.0};
}

}  // namespace

TEST_CASE("train_and_evaluate: every checkpoint is evaluated, and no bit of the training changes") {
  const TestDirectory first, second;
  DNNRegressor alone = regressor(first.path);
  alone.train(lines(100), {.max_steps = 35});
  DNNRegressor together = regressor(second.path, 0.5f, 3);
  std::vector<double> steps;
  EvalSpec eval = evaluation();
  eval.after_evaluation = [&](const Metrics& metrics) { steps.push_back(metrics["global_step"]); };
  const auto result = train_and_evaluate(together, {.input_fn = lines(100), .max_steps = 35}, eval);
  CHECK(steps == std::vector<double>{10, 20, 30, 35});
  CHECK(result.steps == 35);
  CHECK_FALSE(result.stopped_early);
  CHECK(result.metrics["global_step"] == 35.0);
  CHECK(values_of(together.params()) == values_of(alone.params()));
  const EvalHistory history = read_eval_metrics(eval_dir(second.path));
  CHECK(history.size() == 4);
  CHECK(history.at(35)["average_loss"] == doctest::Approx(result.metrics["average_loss"]));
  CHECK(read_eval_metrics(second.path).contains(1));  // the training's own summaries
}

TEST_CASE("train_and_evaluate: seconds between evaluations, but for the last") {
  DNNRegressor model = regressor(TestDirectory().path);
  int evaluations = 0;
  EvalSpec eval = evaluation();
  eval.throttle_secs = 3600.0;
  eval.after_evaluation = [&](const Metrics&) { ++evaluations; };
  train_and_evaluate(model, {.input_fn = lines(50)}, eval);
  CHECK(evaluations == 2);
}

TEST_CASE("train_and_evaluate: early stopping ends at a checkpoint, and stays the end") {
  const TestDirectory directory;
  const TrainSpec train{.input_fn = lines(1000),
                        .early_stopping = {stop_if_no_decrease({.max_steps_without_decrease = 20, .min_steps = 20})}};
  int64_t stopped_at = 0;
  {
    DNNRegressor still = regressor(directory.path, 0.0f);  // it never gets better
    const auto result = train_and_evaluate(still, train, evaluation());
    CHECK(result.stopped_early);
    stopped_at = still.global_step();
    CHECK(stopped_at == 40);
    CHECK(still.latest_checkpoint() == ModelDirectory(directory.path).checkpoint_path(40));
  }
  DNNRegressor again = regressor(directory.path, 0.0f);
  const auto result = train_and_evaluate(again, train, evaluation());
  CHECK(result.steps == 0);
  CHECK(result.stopped_early);
  CHECK(again.global_step() == stopped_at);
}

TEST_CASE("train_and_evaluate: the best checkpoint is exported, and can be started from") {
  const TestDirectory directory;
  DNNRegressor model = regressor(directory.path);
  EvalSpec eval = evaluation();
  eval.exporters = {BestExporter({.name = "best"})};
  std::vector<double> losses;
  eval.after_evaluation = [&](const Metrics& metrics) { losses.push_back(metrics["loss"]); };
  train_and_evaluate(model, {.input_fn = lines(1000), .max_steps = 50}, eval);
  const std::string exports = eval.exporters[0].directory(directory.path);
  DNNRegressor best({.hidden_units = {3},
                     .feature_columns = numeric_column({.key = "x"}),
                     .warm_start_from = {.ckpt_to_initialize_from = exports}});
  CHECK(best.evaluate(lines(4))["loss"] == *std::ranges::min_element(losses));
}

TEST_CASE("train_and_evaluate: a signal ends it without another evaluation") {
  const auto before = std::signal(SIGINT, SIG_DFL);
  const TestDirectory directory;
  DNNRegressor model = regressor(directory.path);
  const TrainHook killer{.after_step = [](TrainContext& context) {
    if (context.step == 15) std::raise(SIGINT);
  }};
  const auto result = train_and_evaluate(model, {.input_fn = lines(100), .hooks = {killer}}, evaluation());
  std::signal(SIGINT, before);
  CHECK(result.steps == 15);
  CHECK(result.metrics["global_step"] == 10.0);
  CHECK(model.stopped_by_signal() == SIGINT);
  CHECK(model.latest_checkpoint() == ModelDirectory(directory.path).checkpoint_path(15));
}

TEST_CASE("train_and_evaluate: what can't be") {
  DNNRegressor model = regressor("");
  EvalSpec eval = evaluation();
  CHECK_THROWS_AS(train_and_evaluate(model, {.input_fn = {}}, eval), ValueError);
  eval.throttle_secs = -1.0;
  CHECK_THROWS_WITH_AS(train_and_evaluate(model, {.input_fn = lines(1)}, eval),
                       doctest::Contains("Must specify throttle_secs >= 0, given: -1"), ValueError);
  eval.throttle_secs = 0.0;
  eval.exporters = {BestExporter()};
  CHECK_THROWS_WITH_AS(train_and_evaluate(model, {.input_fn = lines(1)}, eval),
                       doctest::Contains("expected a model_dir"), ValueError);
}

}  // namespace weft
#endif
