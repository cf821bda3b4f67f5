// weft train, evaluate and predict: the whole way, and the same numbers as a program's.
#include "click_files.h"
#include "run_weft.h"

#include <doctest/doctest.h>
#include <weft/weft.h>

#include <sstream>

using namespace weft;
using Json = nlohmann::json;

namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

InputFn input(const TestDirectory& test, const FeatureColumns& columns, const std::string& weights = "") {
  ReadExamplesOptions options{
      .files = test.file("train.tfrecord"), .label = "clicked", .batch_size = 32, .shuffle_buffer = 100, .repeat = {}};
  options.spec = classifier_parse_example_spec(
      columns, {.label_key = "clicked", .label_dtype = DataType::float32, .weight_column = weights});
  options.spec["clicked"] = FixedLenFeature{.shape = {1}};
  if (!weights.empty()) options.spec[weights] = FixedLenFeature{.shape = {1}};
  return [options] { return read_examples(options); };
}

/// The newest checkpoints of two models have the same bits, but for the place in the input: its files have other names.
void check_same(const TestDirectory& test, const std::string& one, const std::string& other) {
  const CommandResult diff = run_weft({"diff", test.file(one), test.file(other), "--json", "--all"});
  int equal = 0;
  const Json compared = Json::parse(diff.out);
  for (const Json& tensor : compared["tensors"]) {
    if (tensor["name"] == "weft/input_position") continue;
    CHECK_MESSAGE(tensor["difference"] == "equal", tensor.dump());
    ++equal;
  }
  CHECK(equal > 10);
}

}  // namespace

TEST_CASE("train: the same bits as a program with the same settings, and as a run in two parts") {
  const TestDirectory test;
  write_click_files(test);
  const std::string config = put_config(test, click_config(test));
  const CommandResult first = run_weft({"train", config, "--set", "run.max_steps=25"});
  REQUIRE_MESSAGE(first.exit_code == 0, first.err);
  CHECK(has(first.out, "25 steps, the model has 25"));
  CHECK(has(first.err, "step 25/25  loss "));
  CHECK(has(first.err, "examples/s"));
  const CommandResult second = run_weft({"train", config, "--json"});
  CHECK(Json::parse(second.out)["steps"] == 35);
  CHECK(Json::parse(second.out)["global_step"] == 60);
  CHECK(Json::parse(run_weft({"train", config, "--json"}).out)["steps"] == 0);

  const auto column = [&](const char* key) {
    return categorical_column_with_vocabulary_file({.key = key, .vocabulary_file = test.file("words.txt")});
  };
  const auto columns = shared_embedding_columns({column("watched"), column("shown")}, {.dimension = 4});
  DNNClassifier program({.hidden_units = {8},
                         .feature_columns = columns,
                         .model_dir = test.file("program"),
                         .config = {.tf_random_seed = 3}});
  program.train(input(test, columns), {.max_steps = 60});
  check_same(test, "model", "program");
}

TEST_CASE("train: wide and deep with every kind of column is what the program makes") {
  const TestDirectory test;
  write_click_files(test);
  Json config = click_config(test);
  config["columns"] = Json::parse(R"([
    {"name": "watched", "kind": "hash_bucket", "key": "watched", "hash_bucket_size": 10},
    {"name": "shown", "kind": "vocabulary_list", "key": "shown", "vocabulary_list": ["a0", "b0"], "num_oov_buckets": 2},
    {"name": "age", "kind": "numeric", "key": "age", "mean": 40, "stddev": 20},
    {"name": "plain_age", "kind": "numeric", "key": "age"},
    {"name": "ages", "kind": "bucketized", "column": "plain_age", "boundaries": [18, 30.5, 60]},
    {"name": "pairs", "kind": "crossed", "keys": ["ages", "shown"], "hash_bucket_size": 50},
    {"name": "shown_one_hot", "kind": "indicator", "column": "shown"},
    {"name": "watched_rows", "kind": "embedding", "column": "watched", "dimension": 3, "combiner": "sqrtn",
     "max_norm": 0.5, "initializer": {"name": "random_uniform", "minval": -0.1, "maxval": 0.1}}])");
  config["model"] = Json::parse(R"({
    "kind": "dnn_linear_combined_classifier", "hidden_units": [8, 4], "activation": "tanh", "dropout": 0.25,
    "batch_norm": true, "weight_column": "weight", "loss_reduction": "mean", "sparse_combiner": "mean",
    "linear_feature_columns": ["pairs", "watched"], "dnn_feature_columns": ["age", "shown_one_hot", "watched_rows"],
    "linear_optimizer": {"name": "ftrl", "learning_rate": 0.1, "l1_regularization_strength": 0.001},
    "dnn_optimizer": {"name": "adam", "learning_rate":
      {"name": "exponential_decay", "initial_learning_rate": 0.01, "decay_steps": 10, "decay_rate": 0.9},
      "global_clipnorm": 1.0}})");
  const CommandResult result = run_weft({"train", put_config(test, config)});
  REQUIRE_MESSAGE(result.exit_code == 0, result.err);

  const auto watched = categorical_column_with_hash_bucket({.key = "watched", .hash_bucket_size = 10});
  const auto shown =
      categorical_column_with_vocabulary_list({.key = "shown", .vocabulary_list = {"a0", "b0"}, .num_oov_buckets = 2});
  const NumericColumn age{.key = "age", .default_value = {30}};
  NumericColumn scaled = age;
  scaled.normalizer_fn = [](float x) { return (x - 40.0f) / 20.0f; };
  const auto ages = bucketized_column(numeric_column(age), {18, 30.5f, 60});
  const FeatureColumns wide = {crossed_column({ages, shown}, {.hash_bucket_size = 50}), watched};
  const FeatureColumns deep = {
      numeric_column(scaled), indicator_column(shown),
      embedding_column(watched, {.dimension = 3,
                                 .combiner = Combiner::sqrtn,
                                 .initializer = random_uniform_initializer({.minval = -0.1f, .maxval = 0.1f}),
                                 .max_norm = 0.5f})};
  Optimizer dense = adam(
      {.learning_rate = exponential_decay({.initial_learning_rate = 0.01f, .decay_steps = 10, .decay_rate = 0.9f})});
  dense.clip.global_norm = 1.0f;
  DNNLinearCombinedClassifier program(
      {.model_dir = test.file("program"),
       .linear_feature_columns = wide,
       .linear_optimizer = ftrl({.learning_rate = 0.1f, .l1_regularization_strength = 0.001f}),
       .dnn_feature_columns = deep,
       .dnn_optimizer = dense,
       .dnn_hidden_units = {8, 4},
       .dnn_activation_fn = weft::tanh,
       .dnn_dropout = 0.25f,
       .batch_norm = true,
       .linear_sparse_combiner = Combiner::mean,
       .weight_column = "weight",
       .loss_reduction = Reduction::mean,
       .config = {.tf_random_seed = 3}});
  program.train(input(test, FeatureColumns{wide, deep}, "weight"), {.max_steps = 60});
  check_same(test, "model", "program");
}

TEST_CASE("evaluate and predict: the estimator's numbers, as text and as JSON") {
  const TestDirectory test;
  write_click_files(test);
  const std::string config = put_config(test, click_config(test));
  const CommandResult early = run_weft({"evaluate", config});
  CHECK(early.exit_code == 2);
  CHECK(has(early.err, "has no checkpoint"));
  CHECK(!test.has("model"));
  run_weft({"train", config});
  const Json metrics = Json::parse(run_weft({"evaluate", config, "--json"}).out);
  CHECK(metrics["global_step"] == 60);
  CHECK(metrics["auc"].get<double>() > 0.6);
  CHECK(has(run_weft({"evaluate", config}).out, "global_step = 60\n"));

  const CommandResult csv = run_weft({"predict", config, "--logits"});
  const std::vector<std::string> lines = lines_of(csv.out);
  REQUIRE(lines.size() == 51);
  CHECK(lines[0] == "logits,probabilities_0,probabilities_1,class");
  const std::vector<std::string> json = lines_of(run_weft({"predict", config, "--logits", "--json"}).out);
  REQUIRE(json.size() == 50);
  double mean = 0.0;
  for (const std::string& line : json) mean += Json::parse(line)["probabilities"][1].get<double>() / 50.0;
  CHECK(mean == doctest::Approx(metrics["prediction/mean"].get<double>()).epsilon(1e-5));
  const Json first = Json::parse(json[0]);
  CHECK(std::stod(lines[1]) == doctest::Approx(first["logits"][0].get<double>()));
  CHECK(lines[1].back() == first["class"].get<std::string>()[0]);
  // Other files than the configuration's, a list of them.
  const std::string train = test.file("train.tfrecord");
  CHECK(lines_of(run_weft({"predict", config, "--files", train, train}).out).size() == 801);
}

TEST_CASE("train: CSV files give what TFRecord files give; regressors predict numbers") {
  const TestDirectory test;
  write_click_files(test);
  const std::string config = put_config(test, click_config(test));
  run_weft({"train", config});
  const CommandResult csv =
      run_weft({"train", config, "--set", "data.format=csv", "--set", "data.train=" + test.file("train.csv"), "--set",
                "run.model_dir=" + test.file("csv"), "--set", "run.threads=1"});
  REQUIRE_MESSAGE(csv.exit_code == 0, csv.err);
  check_same(test, "model", "csv");
  // A rule of their own for tables.
  const CommandResult rows = run_weft({"train", config, "--set", "model.embedding_optimizer=rowwise_adagrad", "--set",
                                       "run.model_dir=" + test.file("rows"), "--set", "run.max_steps=2"});
  REQUIRE_MESSAGE(rows.exit_code == 0, rows.err);
  CHECK(has(run_weft({"inspect", test.file("rows")}).out, "  [6]\n"));
  Json linear = click_config(test);
  linear["columns"].erase(2);
  linear["model"] = {{"kind", "linear_regressor"}, {"optimizer", "sgd"}};
  linear["run"]["model_dir"] = test.file("linear");
  const std::string path = put_config(test, linear);
  REQUIRE(run_weft({"train", path}).exit_code == 0);
  CHECK(lines_of(run_weft({"predict", path}).out)[0] == "predictions");
}

TEST_CASE("train: evaluations on the way, early stopping, the best checkpoint, a warm start from another format") {
  const TestDirectory test;
  write_click_files(test);
  Json config = click_config(test);
  config["run"]["eval"] = {
      {"while_training", true}, {"throttle_secs", 0}, {"export_best", {{"metric_name", "auc"}, {"goal", "max"}}}};
  config["run"]["early_stopping"] = {{{"stop_if", "higher"}, {"metric_name", "auc"}, {"threshold", 0.01}}};
  const CommandResult result = run_weft({"train", put_config(test, config), "--json"});
  REQUIRE_MESSAGE(result.exit_code == 0, result.err);
  const Json told = Json::parse(result.out);
  CHECK(told["stopped_early"] == true);
  CHECK(told["global_step"].get<int64_t>() < 60);
  CHECK(told["metrics"]["auc"].get<double>() > 0.01);
  CHECK(test.has("model/export/best_exporter/checkpoint"));

  const std::string saved = test.file("saved.safetensors");
  REQUIRE(run_weft({"convert", test.file("model"), saved, "--except", "global_step|^weft/"}).exit_code == 0);
  Json warm = click_config(test);
  warm["run"]["model_dir"] = test.file("warm");
  warm["run"]["warm_start"] = {{"ckpt_to_initialize_from", saved}, {"slots", false}};
  warm["run"]["max_steps"] = 1;
  warm["model"]["optimizer"] = {{"name", "sgd"}, {"learning_rate", 0}};
  REQUIRE(run_weft({"train", put_config(test, warm)}).exit_code == 0);
  const CommandResult diff = run_weft({"diff", saved, test.file("warm"), "--json", "--all"});
  const Json compared = Json::parse(diff.out);
  int equal = 0;
  for (const Json& one : compared["tensors"]) equal += one["difference"] == "equal";
  CHECK(equal == 5);  // the table, two kernels, two biases
}
