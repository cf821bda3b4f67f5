// Tests of Estimator: a model of one's own, its metrics and predictions; a regression and a multi-label classifier.
#include <doctest/doctest.h>
#include <weft/core/error.h>
#include <weft/core/ops/losses.h>
#include <weft/core/test_directory.h>
#include <weft/core/test_values.h>
#include <weft/estimator/dnn_regressor.h>
#include <weft/estimator/estimator.h>
#include <weft/layers/dense.h>

#include <cmath>

#ifndef DOCTEST_CONFIG_DISABLE
namespace weft {
namespace {

// Batches of four examples x with the label 2 x - 1, with positions.
InputFn lines(int64_t batches) {
  return [=] {
    auto next = std::make_shared<int64_t>(0);
    return Dataset(Dataset::Source{.draw =
                                       [=](PendingBatch& pending) {
                                         if (*next == batches) return false;
                                         std::vector<float> x, y;
                                         for (int i = 0; i < 4; ++i) {
                                           x.push_back(std::sin(static_cast<float>(*next * 4 + i)));
                                           y.push_back(2 * x.back() - 1);
                                         }
                                         ++*next;
                                         pending.batch.features["x"] = dense_feature(x);
                                         pending.batch.labels = dense_feature(y);
                                         pending.batch.size = 4;
                                         pending.after = {5, 0, *next};
                                         return true;
                                       },
                                   .make = {},
                                   .seek = [=](const DatasetPosition& position) { *next = position.examples; },
                                   .start = {5, 0, 0}});
  };
}

// One weight and a bias on x, without an input layer.
struct Line {
  Dense dense;
  explicit Line(ParameterStore& params) : dense(params, {.name = "line", .inputs = 1, .units = 1}) {}
  Var operator()(Tape& tape, const Features& features) const {
    const std::vector<float>& x = features.at("x").floats;
    return dense(tape.constant(Tensor(Shape{static_cast<int64_t>(x.size()), 1}, std::span<const float>(x))));
  }
};

// A model with a head, as a user writes it.
EstimatorSpec headed_line(ParameterStore& params) {
  const auto line = std::make_shared<const Line>(params);
  return create_estimator_spec(RegressionHead(),
                               [line](Tape& tape, const Features& features) { return (*line)(tape, features); });
}

// A model without one: all by hand.
EstimatorSpec bare_line(ParameterStore& params) {
  const auto line = std::make_shared<const Line>(params);
  return {.loss =
              [line](Tape& tape, const Batch& batch) {
                return mean_squared_error((*line)(tape, batch.features), batch.labels.floats);
              },
          .predict =
              [line](Tape& tape, const Features& features, Predictions& out) {
                const Tensor& y = (*line)(tape, features).value();
                out.batch = y.shape()[0];
                out.others["y"] = y;
              }};
}

}  // namespace

TEST_CASE("estimator: a model of one's own learns, stops, resumes to the same bits") {
  Estimator once({.model_fn = headed_line, .optimizer = adagrad({.learning_rate = 0.5f})});
  const double before = once.evaluate(lines(5))["average_loss"];
  CHECK(once.train(lines(1000), {.steps = 200}) == 200);
  const Metrics after = once.evaluate(lines(5), {.name = "held_out"});
  CHECK(after["average_loss"] < before / 100);
  CHECK(after["global_step"] == 200.0);
  CHECK(after.contains("label/mean"));
  CHECK(after.evaluation == "held_out");

  const TestDirectory directory;
  for (int i = 0; i < 2; ++i) {
    Estimator part({.model_fn = headed_line,
                    .optimizer = adagrad({.learning_rate = 0.5f}),
                    .model_dir = directory.path,
                    .config = {.threads = i + 1}});
    part.train(lines(1000), {.steps = 100});
    CHECK(part.latest_checkpoint() == ModelDirectory(directory.path).checkpoint_path(100 * (i + 1)));
    if (i == 1) CHECK(values_of(part.params()) == values_of(once.params()));
  }
}

TEST_CASE("estimator: without a head the loss is the metric, and predictions have keys of their own") {
  Estimator headed({.model_fn = headed_line}), bare({.model_fn = bare_line});
  for (Estimator* estimator : {&headed, &bare}) estimator->train(lines(20));
  CHECK(values_of(bare.params()) == values_of(headed.params()));
  const Metrics metrics = bare.evaluate(lines(3));
  CHECK(metrics.size() == 2);
  CHECK(metrics["loss"] == doctest::Approx(headed.evaluate(lines(3))["loss"]));
  std::vector<float> own, theirs;
  for (const Prediction& prediction : bare.predict(lines(2))) own.push_back(prediction.other("y")[0]);
  for (const Prediction& prediction : headed.predict(lines(2))) theirs.push_back(prediction.predictions[0]);
  CHECK(own.size() == 8);
  CHECK(own == theirs);
}

TEST_CASE("estimator: a warm start comes before training and evaluation, a checkpoint before it") {
  const TestDirectory first, second;
  Estimator source({.model_fn = headed_line, .model_dir = first.path});
  source.train(lines(10));
  std::vector<std::string> log;
  const auto warm = [&] {
    return Estimator({.model_fn = headed_line,
                      .model_dir = second.path,
                      .config = {.tf_random_seed = 9, .log = [&](const std::string& line) { log.push_back(line); }},
                      .warm_start_from = {.ckpt_to_initialize_from = first.path}});
  };
  Estimator target = warm();
  CHECK(target.evaluate(lines(3))["loss"] == source.evaluate(lines(3))["loss"]);
  CHECK(target.global_step() == 0);
  REQUIRE(log.size() == 1);
  CHECK(log[0] == "Warm-started 4 arrays from " + first.path);
  target.train(lines(5));
  Estimator again = warm();
  CHECK(again.evaluate(lines(3))["loss"] == target.evaluate(lines(3))["loss"]);
  CHECK(log.back().starts_with("Restoring parameters from " + second.path));
}

TEST_CASE("estimator: what can't be") {
  CHECK_THROWS_WITH_AS(Estimator({.model_fn = {}}), doctest::Contains("model_fn must be callable"), ValueError);
  CHECK_THROWS_WITH_AS(Estimator({.model_fn = [](ParameterStore&) { return EstimatorSpec{.loss = {}}; }}),
                       doctest::Contains("Missing loss."), ValueError);
  Estimator silent({.model_fn = [](ParameterStore& params) { return EstimatorSpec{.loss = bare_line(params).loss}; }});
  CHECK_THROWS_WITH_AS(silent.predict(lines(1)), doctest::Contains("Missing predictions."), ValueError);
}

TEST_CASE("dnn regressor: it learns a line, under TensorFlow's names") {
  const TestDirectory directory;
  DNNRegressor regressor({.hidden_units = {},
                          .feature_columns = numeric_column({.key = "x"}),
                          .model_dir = directory.path,
                          .optimizer = adagrad({.learning_rate = 0.5f})});
  regressor.train(lines(1000), {.steps = 200});
  const Metrics metrics = regressor.evaluate(lines(5));
  CHECK(metrics["average_loss"] < 0.01);
  CHECK(metrics.size() == 5);
  Features features;
  features["x"] = dense_feature(std::vector<float>{0.5f});
  Predictions predictions;
  regressor.predict(features, predictions);
  CHECK(predictions.predictions[0] == doctest::Approx(0.0).epsilon(0.1));
  CHECK(predictions.logits.size() == 0);
  CHECK(CheckpointReader(*regressor.latest_checkpoint()).find("dnn/logits/bias/t_0/Adagrad") != nullptr);
}

TEST_CASE("dnn estimator: any head stands on it, and it may be kept as an Estimator") {
  const InputFn input_fn = [] {
    return Dataset([done = false](Batch& batch) mutable {
      if (std::exchange(done, true)) return false;
      batch.features["x"] = dense_feature(std::vector<float>{1, 2});
      batch.labels = sparse_feature(std::vector<std::vector<int64_t>>{{0, 2}, {}});
      batch.size = 2;
      return true;
    });
  };
  Estimator estimator = DNNEstimator(
      {.head = MultiLabelHead({.n_classes = 3}), .hidden_units = {2}, .feature_columns = numeric_column({.key = "x"})});
  CHECK(estimator.train(input_fn) == 1);
  CHECK(estimator.evaluate(input_fn).contains("auc_precision_recall"));
  for (const Prediction& prediction : estimator.predict(input_fn)) CHECK(prediction.probabilities.size() == 3);
}

}  // namespace weft
#endif
