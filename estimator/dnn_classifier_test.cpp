// Tests of DNNClassifier: train, stop, resume, evaluate, predict; labels and options that can't be.
#include <doctest/doctest.h>
#include <weft/core/error.h>
#include <weft/core/parallel.h>
#include <weft/core/test_directory.h>
#include <weft/core/test_values.h>
#include <weft/estimator/dnn_classifier.h>

#include <cmath>
#include <filesystem>
#include <set>

#ifndef DOCTEST_CONFIG_DISABLE
namespace weft {
namespace {

std::vector<FeatureColumn> columns() {
  return shared_embedding_columns({categorical_column_with_identity({.key = "a", .num_buckets = 5}),
                                   categorical_column_with_identity({.key = "b", .num_buckets = 5})},
                                  {.dimension = 3});
}

// Batches of four examples whose label is whether a == b; `labels` replaces them.
InputFn pairs(int64_t batches, std::vector<int64_t> labels = {}) {
  return [=] {
    auto next = std::make_shared<int64_t>(0);
    return Dataset(Dataset::Source{.draw =
                                       [=](PendingBatch& pending) {
                                         if (*next == batches) return false;
                                         const int64_t k = (*next)++;
                                         std::vector<std::vector<int64_t>> a, b;
                                         std::vector<int64_t> equal;
                                         for (int64_t i = 0; i < 4; ++i) {
                                           a.push_back({(k + i) % 5});
                                           b.push_back({(k * i) % 5});
                                           equal.push_back(a.back() == b.back());
                                         }
                                         pending.batch.features["a"] = sparse_feature(a);
                                         pending.batch.features["b"] = sparse_feature(b);
                                         pending.batch.labels = dense_feature(labels.empty() ? equal : labels);
                                         pending.batch.size = 4;
                                         pending.after = {11, 0, *next};
                                         return true;
                                       },
                                   .make = {},
                                   .seek = [=](const DatasetPosition& position) { *next = position.examples; },
                                   .start = {11, 0, 0}});
  };
}

}  // namespace

TEST_CASE("dnn classifier: it learns, and resumes to the same bits") {
  DNNClassifier once({.hidden_units = {8}, .feature_columns = columns()});
  const double before = once.evaluate(pairs(5))["average_loss"];
  once.train(pairs(1000), {.steps = 300});
  CHECK(once.evaluate(pairs(5))["average_loss"] < before / 2);

  const TestDirectory directory;
  for (int i = 0; i < 2; ++i) {
    DNNClassifier part({.hidden_units = {8}, .feature_columns = columns(), .model_dir = directory.path});
    part.train(pairs(1000), {.steps = 150});
  }
  DNNClassifier resumed({.hidden_units = {8}, .feature_columns = columns(), .model_dir = directory.path});
  const Metrics metrics = resumed.evaluate(pairs(5), {.name = "again"});
  CHECK(metrics["global_step"] == 300.0);
  CHECK(metrics.evaluation == "again");
  CHECK(values_of(resumed.params()) == values_of(once.params()));
}

TEST_CASE("dnn classifier: products in bfloat16 learn the same, from checkpoints that go on in either precision") {
  const TestDirectory directory;
  const auto make = [&](MatmulPrecision precision, const std::string& model_dir) {
    return DNNClassifier({.hidden_units = {8},
                          .feature_columns = columns(),
                          .model_dir = model_dir,
                          .config = {.matmul_precision = precision}});
  };
  DNNClassifier exact = make(MatmulPrecision::float32, ""), rounded = make(MatmulPrecision::bfloat16, directory.path);
  exact.train(pairs(1000), {.steps = 300});
  rounded.train(pairs(1000), {.steps = 300});
  const double loss = rounded.evaluate(pairs(5))["average_loss"];
  CHECK(values_of(rounded.params()) != values_of(exact.params()));
  CHECK(loss == doctest::Approx(exact.evaluate(pairs(5))["average_loss"]).epsilon(0.05));
  DNNClassifier other = make(MatmulPrecision::float32, directory.path);
  CHECK(other.evaluate(pairs(5))["average_loss"] == doctest::Approx(loss).epsilon(0.02));
  CHECK(values_of(other.params()) == values_of(rounded.params()));
}

TEST_CASE("dnn classifier: dropout and batch normalisation resume to the same bits, and evaluation is without them") {
  const auto make = [](const std::string& model_dir, int threads) {
    return DNNClassifier({.hidden_units = {8, 4},
                          .feature_columns = columns(),
                          .model_dir = model_dir,
                          .dropout = 0.25f,
                          .batch_norm = true,
                          .config = {.threads = threads}});
  };
  DNNClassifier once = make("", 1);
  once.train(pairs(1000), {.steps = 40});
  const TestDirectory directory;
  for (int i = 0; i < 2; ++i) make(directory.path, 2).train(pairs(1000), {.steps = 20});
  DNNClassifier resumed = make(directory.path, 2);
  const double loss = resumed.evaluate(pairs(5))["loss"];
  CHECK(values_of(resumed.params()) == values_of(once.params()));
  CHECK(resumed.evaluate(pairs(5))["loss"] == loss);
  const Parameter& moving_mean = resumed.params().at("dnn/hiddenlayer_0/batchnorm_0/moving_mean");
  CHECK(moving_mean.value().data[0] != 0);
  CHECK_THROWS_AS(DNNClassifier({.hidden_units = {8}, .feature_columns = columns(), .dropout = 1.0f}), ValueError);
}

TEST_CASE("dnn classifier: what training and evaluation drop of their input is counted, for each call anew") {
  DNNClassifier classifier({.hidden_units = {}, .feature_columns = columns()});
  CHECK(classifier.input_counts()[0].counts == IdCounts{});
  classifier.train(pairs(1000), {.steps = 7});
  const IdCounts trained{.bags = 28, .values = 28};
  CHECK(classifier.input_counts()[1].counts == trained);
  classifier.evaluate(pairs(3));
  CHECK(classifier.input_counts()[0].column == "a_shared_embedding");
  CHECK(classifier.input_counts()[0].counts.values == 12);
}

TEST_CASE("dnn classifier: variables and slots have TensorFlow's names") {
  const TestDirectory directory;
  DNNClassifier classifier({.hidden_units = {4, 3}, .feature_columns = columns(), .model_dir = directory.path});
  classifier.train(pairs(1));
  const CheckpointReader reader(*ModelDirectory(directory.path).latest());
  for (const char* name :
       {"dnn/hiddenlayer_0/kernel", "dnn/hiddenlayer_1/bias/t_0/Adagrad", "dnn/logits/kernel", "global_step",
        "dnn/input_from_feature_columns/input_layer/a_b_shared_embedding/embedding_weights",
        "dnn/input_from_feature_columns/input_layer/a_b_shared_embedding/embedding_weights/t_0/Adagrad"}) {
    CAPTURE(name);
    CHECK(reader.find(name) != nullptr);
  }
}

TEST_CASE("dnn classifier: loss is the mean of the batches' losses, average_loss of the examples'") {
  DNNClassifier classifier({.hidden_units = {4}, .feature_columns = columns()});
  const Metrics metrics = classifier.evaluate(pairs(3));
  CHECK(metrics["loss"] == doctest::Approx(4.0 * metrics["average_loss"]));  // sums over batches of four
  CHECK(metrics.size() == 11);
  CHECK(classifier.evaluate(pairs(3), {.steps = 1})["label/mean"] == 0.25);
  CHECK_THROWS_AS(classifier.evaluate(pairs(0)), ValueError);
  CHECK_THROWS_AS(classifier.evaluate(pairs(1), {.steps = 0}), ValueError);
}

TEST_CASE("dnn classifier: predictions one by one, and of a batch at hand") {
  DNNClassifier classifier(
      {.hidden_units = {}, .feature_columns = columns(), .n_classes = 3, .label_vocabulary = {"x", "y", "z"}});
  int64_t count = 0;
  std::vector<float> first;
  for (const Prediction& prediction : classifier.predict(pairs(2))) {
    if (count++ == 0) first.assign(prediction.probabilities.begin(), prediction.probabilities.end());
    CHECK(prediction.logits.size() == 3);
    CHECK(prediction.probabilities[0] + prediction.probabilities[1] + prediction.probabilities[2] ==
          doctest::Approx(1.0));
    CHECK(std::set<std::string_view>{"x", "y", "z"}.count(prediction.classes[0]) == 1);
  }
  CHECK(count == 8);
  Features features;
  features["a"] = sparse_feature(std::vector<std::vector<int64_t>>{{0}});
  features["b"] = sparse_feature(std::vector<std::vector<int64_t>>{{0}});
  Predictions predictions;
  classifier.predict(features, predictions);
  CHECK(predictions.probabilities[1] == doctest::Approx(first[1]));
}

TEST_CASE("dnn classifier: labels that can't be stop the training") {
  DNNClassifier binary({.hidden_units = {4}, .feature_columns = columns()});
  CHECK_THROWS_WITH_AS(binary.train(pairs(1, {0, 1, 2, 0})),
                       doctest::Contains("Labels must <= n_classes - 1: got 2 in row 2"), DataError);
  CHECK_THROWS_WITH_AS(binary.train(pairs(1, {0, 1})),
                       doctest::Contains("must have the same shape, received ((4, 1) vs (2, 1))"), ValueError);
  CHECK(binary.global_step() == 0);
  DNNClassifier words({.hidden_units = {4}, .feature_columns = columns(), .label_vocabulary = {"no", "yes"}});
  CHECK_THROWS_WITH_AS(words.train(pairs(1)), doctest::Contains("received: <dtype: 'int64'>"), ValueError);
}

TEST_CASE("dnn classifier: a run that diverges leaves the last good checkpoint, and a sane one goes on from it") {
  const TestDirectory directory;
  const auto classifier = [&](const Optimizer& optimizer) {
    return DNNClassifier({.hidden_units = {4},
                          .feature_columns = columns(),
                          .model_dir = directory.path,
                          .optimizer = optimizer,
                          .config = {.save_checkpoints_steps = 1, .keep_checkpoint_max = 1}});
  };
  const Optimizer sane = adagrad({.learning_rate = 0.05f});
  CHECK(classifier(sane).train(pairs(1000), {.steps = 3}) == 3);
  DNNClassifier diverging = classifier(adagrad({.learning_rate = 1e38f}));
  CHECK_THROWS_WITH_AS(diverging.train(pairs(1000), {.steps = 100}), doctest::Contains("NaN loss during training."),
                       Error);
  const ModelDirectory files(directory.path);
  CHECK(files.latest() == files.checkpoint_path(3));
  CHECK(std::filesystem::exists(files.checkpoint_path(3)));
  DNNClassifier resumed = classifier(sane);
  CHECK(resumed.train(pairs(1000), {.steps = 2}) == 2);
  CHECK(resumed.global_step() == 5);
  CHECK(std::isfinite(resumed.evaluate(pairs(5))["loss"]));
}

TEST_CASE("dnn classifier: empty functions are refused") {
  DNNClassifier classifier({.hidden_units = {4}, .feature_columns = columns()});
  const char* text = "input_fn must be callable: got an empty function. Give it a body.";
  CHECK_THROWS_WITH_AS(classifier.train(InputFn{}), doctest::Contains(text), ValueError);
  CHECK_THROWS_WITH_AS(classifier.evaluate(InputFn{}), doctest::Contains(text), ValueError);
  CHECK_THROWS_WITH_AS(classifier.predict(InputFn{}), doctest::Contains(text), ValueError);
}

TEST_CASE("dnn classifier: options that can't be") {
  CHECK_THROWS_WITH_AS(DNNClassifier({.hidden_units = {4}, .feature_columns = {}}),
                       doctest::Contains("feature_columns must not be empty."), ValueError);
  CHECK_THROWS_AS(DNNClassifier({.hidden_units = {4, 0}, .feature_columns = columns()}), ValueError);
  CHECK_THROWS_WITH_AS(DNNClassifier({.hidden_units = {4}, .feature_columns = columns(), .n_classes = 1}),
                       doctest::Contains("n_classes must be > 2: 1."), ValueError);
  CHECK_THROWS_WITH_AS(
      DNNClassifier({.hidden_units = {4}, .feature_columns = columns(), .names = NamingScheme::v2}),
      doctest::Contains("Received a feature column from TensorFlow v1, but this is a TensorFlow v2 Estimator"),
      ValueError);
}

TEST_CASE("dnn classifier: v2's names") {
  const auto shared = shared_embeddings({categorical_column_with_identity({.key = "a", .num_buckets = 5}),
                                         categorical_column_with_identity({.key = "b", .num_buckets = 5})},
                                        {.dimension = 3});
  const TestDirectory directory;
  DNNClassifier v2(
      {.hidden_units = {4}, .feature_columns = shared, .model_dir = directory.path, .names = NamingScheme::v2});
  v2.train(pairs(1));
  const CheckpointReader reader(*ModelDirectory(directory.path).latest());
  CHECK(reader.find("a_b_shared_embedding") != nullptr);
  CHECK(reader.find("training/Adagrad/a_b_shared_embedding/accumulator") != nullptr);
  CHECK(reader.find("training/Adagrad/dnn/logits/bias/accumulator") != nullptr);
  DNNClassifier v1({.hidden_units = {4}, .feature_columns = shared});
  CHECK(v1.params().find("dnn/input_from_feature_columns/a_b_shared_embedding") != nullptr);
}

TEST_CASE("dnn classifier: a number that is not finite is told with its example, row and value") {
  DNNClassifier spoiled({.hidden_units = {4}, .feature_columns = columns()});
  const Parameter& table = *spoiled.params().begin();
  REQUIRE(table.table());
  table.value().row(3)[1] = std::nanf("");  // the first batch has a = 0, 1, 2, 3
  CHECK_THROWS_WITH_AS(
      spoiled.train(pairs(5)),
      doctest::Contains((": nan in '" + table.name() +
                         "' row 3 ('3' of feature 'a'), example 3 of the batch reads it, expected a number")
                            .c_str()),
      Error);
  CHECK(spoiled.global_step() == 0);

  DNNClassifier fed({.hidden_units = {4}, .feature_columns = {numeric_column({.key = "x"})}});
  const InputFn bad = [] {
    return Dataset([](Batch& batch) {
      batch.features["x"] = dense_feature(std::vector<float>{1, 2, HUGE_VALF});
      batch.labels = dense_feature(std::vector<int64_t>{0, 1, 1});
      return true;
    });
  };
  CHECK_THROWS_WITH_AS(fed.train(bad, {.steps = 1}),
                       doctest::Contains(": inf in the input of example 2 of the batch, where feature 'x' is inf"),
                       Error);
}

TEST_CASE("dnn classifier: metrics that are asked for, the same for any number of threads") {
  DNNClassifier classifier({.hidden_units = {4}, .feature_columns = columns()});
  classifier.train(pairs(20), {.steps = 20});
  const EvaluateOptions options = {
      .add_metrics = {binary_metrics({.bootstrap = BootstrapOptions{.replicates = 20}}), binary_metrics()}};
  const Metrics metrics = classifier.evaluate(pairs(30), options);
  CHECK(metrics["log_loss"] == doctest::Approx(metrics["average_loss"]).epsilon(1e-5));
  CHECK(metrics["auc_exact"] == doctest::Approx(metrics["auc"]).epsilon(0.02));
  CHECK(metrics["auc/low"] <= metrics["auc/high"]);
  const ThreadLimit limit(3);
  const Metrics again = classifier.evaluate(pairs(30), options);
  for (const auto& [name, value] : metrics) CHECK(again[name] == value);
  DNNClassifier three({.hidden_units = {}, .feature_columns = columns(), .n_classes = 3});
  CHECK_THROWS_WITH_AS(three.evaluate(pairs(1), options), doctest::Contains("no probability of class 1"), ValueError);
}

}  // namespace weft
#endif
