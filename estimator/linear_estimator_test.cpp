// Tests of the linear and the combined estimators: numbers, names and metrics of TensorFlow 2.15.1 for the same data.
#include <doctest/doctest.h>
#include <weft/core/error.h>
#include <weft/core/test_directory.h>
#include <weft/estimator/dnn_linear_combined_classifier.h>
#include <weft/estimator/dnn_linear_combined_regressor.h>
#include <weft/estimator/linear_classifier.h>
#include <weft/estimator/linear_regressor.h>

#include <algorithm>

#ifndef DOCTEST_CONFIG_DISABLE
namespace weft {
namespace {

struct Row {
  std::vector<int64_t> a, b;
  float x;
  std::vector<std::string_view> ka, kb;
  float label;
};

const std::vector<Row>& rows(bool regression) {
  static const std::vector<Row> classes = {{{1, 2}, {1}, 0.5f, {"p"}, {"u"}, 1}, {{0, 0}, {2}, -1.0f, {"q"}, {"v"}, 0},
                                           {{4}, {3}, 2.0f, {"r"}, {"u"}, 1},    {{3, 1}, {0}, 0.0f, {"p"}, {"v"}, 0},
                                           {{2, 2}, {1}, 1.5f, {"q"}, {"u"}, 1}, {{0, 4}, {4}, -0.5f, {"r"}, {"v"}, 0}};
  static const std::vector<Row> numbers = [] {
    std::vector<Row> all = classes;
    const float labels[] = {1, -2, 3, 0.5f, 0, 1};
    for (size_t i = 0; i < all.size(); ++i) all[i].label = labels[i];
    return all;
  }();
  return regression ? numbers : classes;
}

// Batches of three rows in turn; `batches` of them.
InputFn input(int64_t batches, bool regression = false) {
  return [=] {
    return Dataset([=, next = int64_t{0}](Batch& batch) mutable {
      if (next == batches) return false;
      const auto first = static_cast<size_t>(next++ % 2) * 3;
      std::vector<std::vector<int64_t>> a, b;
      std::vector<std::vector<std::string_view>> ka, kb;
      std::vector<float> x, y;
      for (size_t i = first; i < first + 3; ++i) {
        const Row& row = rows(regression)[i];
        a.push_back(row.a), b.push_back(row.b), ka.push_back(row.ka), kb.push_back(row.kb);
        x.push_back(row.x), y.push_back(row.label);
      }
      batch.features["a"] = sparse_feature(a);
      batch.features["b"] = sparse_feature(b);
      batch.features["ka"] = sparse_feature(ka);
      batch.features["kb"] = sparse_feature(kb);
      batch.features["x"] = dense_feature(x);
      batch.labels = dense_feature(y);
      batch.size = 3;
      return true;
    });
  };
}

const CategoricalColumn kA = categorical_column_with_identity({.key = "a", .num_buckets = 5});
const CategoricalColumn kB = categorical_column_with_identity({.key = "b", .num_buckets = 5});
CategoricalColumn crossed() {
  return crossed_column({"ka", "kb"}, {.hash_bucket_size = 7});
}

void check_close(const Estimator& estimator, const std::string& variable, const std::vector<double>& want,
                 const std::string& slot = {}) {
  CAPTURE(variable);
  CAPTURE(slot);
  const Parameter& parameter = *estimator.params().find(variable);
  const RowsView view = slot.empty() ? parameter.value() : parameter.slot(slot).view;
  REQUIRE(view.size() == std::ssize(want));
  for (int64_t i = 0; i < view.size(); ++i) {
    const double got = view.row(i / view.width)[static_cast<size_t>(i % view.width)];
    CHECK(got == doctest::Approx(want[static_cast<size_t>(i)]).epsilon(2e-5));
  }
}

// ((7 i) mod 5 - 2) / 10 in every variable of the deep part, as the script that made the numbers below.
void set_deep(ParameterStore& params) {
  for (Parameter& parameter : params) {
    if (!parameter.name().starts_with("dnn/")) continue;
    const RowsView view = parameter.value();
    for (int64_t i = 0; i < view.size(); ++i) {
      view.row(i / view.width)[static_cast<size_t>(i % view.width)] = static_cast<float>((i * 7) % 5 - 2) / 10.0f;
    }
  }
}

std::vector<std::string> names_in(const std::string& model_dir) {
  std::vector<std::string> names;
  const CheckpointReader reader(*ModelDirectory(model_dir).latest());
  for (const ArrayInfo& array : reader.arrays()) {
    if (!array.name.starts_with("weft/")) names.push_back(array.name);
  }
  return names;
}

}  // namespace

TEST_CASE("linear classifier: five steps of Ftrl are TensorFlow's") {
  const TestDirectory directory;
  LinearClassifier v1({.feature_columns = {kA, numeric_column({.key = "x"}), crossed()}, .model_dir = directory.path});
  v1.train(input(5));
  check_close(v1, "linear/linear_model/a/weights", {-0.45199379, 0.064401634, 0.5255025, -0.29178575, 0.099479243});
  check_close(v1, "linear/linear_model/a/weights", {1.7870023, 1.1077986, 1.1149306, 0.66376042, 0.84509784}, "Ftrl");
  check_close(v1, "linear/linear_model/ka_X_kb/weights",
              {0.0, -0.23527744, -0.47056749, 0.0, 0.0, 0.34451401, 0.33223391});
  check_close(v1, "linear/linear_model/bias_weights", {0.050470188});
  check_close(v1, "linear/linear_model/x/weights", {-5.6645308}, "Ftrl_1");
  const Metrics metrics = v1.evaluate(input(2));
  CHECK(metrics["average_loss"] == doctest::Approx(0.27152988));
  CHECK(metrics["loss"] == doctest::Approx(0.81458962));
  CHECK(metrics["prediction/mean"] == doctest::Approx(0.5361613));
  CHECK(metrics.size() == 11);
  std::vector<std::string> want = {"global_step"};
  for (const char* variable : {"a/weights", "bias_weights", "ka_X_kb/weights", "x/weights"}) {
    for (const char* slot : {"", "/part_0/Ftrl", "/part_0/Ftrl_1"}) {
      want.push_back(std::string("linear/linear_model/") + variable + slot);
    }
  }
  CHECK(names_in(directory.path) == want);
}

TEST_CASE("linear classifier: under v2's names and defaults too") {
  const TestDirectory directory;
  LinearClassifier v2({.feature_columns = {kA, numeric_column({.key = "x"}), crossed()},
                       .model_dir = directory.path,
                       .optimizer = ftrl({.learning_rate = 0.2f}),
                       .loss_reduction = Reduction::sum_over_batch_size,
                       .names = NamingScheme::v2,
                       .metrics = MetricDefinitions::keras});
  v2.train(input(5));
  check_close(v2, "linear/linear_model/a/weights", {-0.37955156, 0.040684734, 0.38066742, -0.18245298, 0.057811093});
  check_close(v2, "linear/linear_model/x/weights", {0.80465215}, "accumulator");
  CHECK(v2.evaluate(input(2))["loss"] == doctest::Approx(0.33014828));
  CHECK(names_in(directory.path).back() == "training/Ftrl/linear/linear_model/x/weights/linear");
}

TEST_CASE("linear regressor: the mean of an example's weights") {
  LinearRegressor v1({.feature_columns = {kA, numeric_column({.key = "x"})}, .sparse_combiner = Combiner::mean});
  v1.train(input(5, true));
  check_close(v1, "linear/linear_model/a/weights", {-0.37038416, 0.38231343, -0.0097904941, 0.093327418, 0.45441601});
  check_close(v1, "linear/linear_model/x/weights", {0.34789369});
  const Metrics metrics = v1.evaluate(input(2, true));
  CHECK(metrics["average_loss"] == doctest::Approx(1.0596882));
  CHECK(metrics["label/mean"] == doctest::Approx(0.58333331));
  CHECK(metrics["prediction/mean"] == doctest::Approx(0.58372408));
}

TEST_CASE("dnn linear combined classifier: both parts and both optimizers are TensorFlow's") {
  const TestDirectory directory;
  DNNLinearCombinedClassifier v1(
      {.model_dir = directory.path,
       .linear_feature_columns = {kA, crossed()},
       .dnn_feature_columns = {shared_embedding_columns({kA, kB}, {.dimension = 2}), numeric_column({.key = "x"})},
       .dnn_hidden_units = {3}});
  set_deep(v1.params());
  v1.train(input(5));
  const std::string table = "dnn/input_from_feature_columns/input_layer/a_b_shared_embedding/embedding_weights";
  check_close(v1, table,
              {-0.20016938, 0.00022809571, 0.19987442, -0.10010881, 0.10044836, -0.20016916, -0.00016158057, 0.1999567,
               -0.09959621, 0.099953867});
  check_close(v1, "dnn/logits/kernel", {-0.19871895, -0.00069022377, 0.201989});
  check_close(v1, "dnn/logits/bias", {1.5734038}, "Adagrad");
  check_close(v1, "linear/linear_model/a/weights",
              {-0.014244436, 0.0041797813, 0.015172401, -0.0073144962, 0.0043657059});
  check_close(v1, "linear/linear_model/ka_X_kb/weights",
              {0.0, -0.13246363, 3.0454297, 0.0, 0.0, -1.9993762, -2.0398309}, "Ftrl_1");
  const Metrics metrics = v1.evaluate(input(2));
  CHECK(metrics["average_loss"] == doctest::Approx(0.67834663));
  CHECK(metrics["auc_precision_recall"] == doctest::Approx(0.95833302));
  const std::vector<std::string> names = names_in(directory.path);
  for (const std::string& name : {table + "/Adagrad", std::string("dnn/logits/bias/Adagrad"),
                                  std::string("linear/linear_model/bias_weights/Ftrl_1")}) {
    CAPTURE(name);
    CHECK(std::ranges::find(names, name) != names.end());
  }
  CHECK(names.size() == 20);
}

TEST_CASE("dnn linear combined regressor: resumes to the same bits, on one or several threads, under v2's names") {
  const auto make = [](const std::string& model_dir, int threads) {
    return DNNLinearCombinedRegressor(
        {.model_dir = model_dir,
         .linear_feature_columns = {kA, crossed()},
         .linear_optimizer = adam(),
         .dnn_feature_columns = {shared_embeddings({kA, kB}, {.dimension = 2}), numeric_column({.key = "x"})},
         .dnn_optimizer = adam({.learning_rate = 0.01f}),
         .dnn_hidden_units = {3},
         .config = {.threads = threads},
         .names = NamingScheme::v2});
  };
  const auto logits = [](DNNLinearCombinedRegressor& model) {
    std::vector<float> all;
    for (const Prediction& prediction : model.predict(input(2, true))) all.push_back(prediction.predictions[0]);
    return all;
  };
  auto once = make("", 1);
  once.train(input(20, true));
  const TestDirectory directory;
  for (int i = 0; i < 2; ++i) make(directory.path, 2).train(input(10, true));
  auto resumed = make(directory.path, 3);
  CHECK(logits(resumed) == logits(once));
  CHECK(resumed.global_step() == 20);
  const std::vector<std::string> names = names_in(directory.path);
  CHECK(std::ranges::count(names, std::string("training/Adam/a_b_shared_embedding/m")) == 1);
  CHECK(std::ranges::count(names, std::string("training/Adam/linear/linear_model/a/weights/v")) == 1);
}

TEST_CASE("dnn linear combined: one part alone, and what can't be") {
  DNNLinearCombinedRegressor wide({.linear_feature_columns = {kA}});
  CHECK(wide.input_layer() == nullptr);
  CHECK(wide.train(input(2, true)) == 2);
  DNNLinearCombinedRegressor deep({.dnn_feature_columns = numeric_column({.key = "x"}), .dnn_hidden_units = {2}});
  CHECK(deep.linear_model() == nullptr);
  CHECK(deep.train(input(2, true)) == 2);
  CHECK_THROWS_WITH_AS(DNNLinearCombinedClassifier({}),
                       doctest::Contains("Either linear_feature_columns or dnn_feature_columns must be defined."),
                       ValueError);
  CHECK_THROWS_WITH_AS(DNNLinearCombinedClassifier({.dnn_feature_columns = numeric_column({.key = "x"})}),
                       doctest::Contains("dnn_hidden_units must be defined when dnn_feature_columns is specified."),
                       ValueError);
  CHECK_THROWS_WITH_AS(LinearClassifier({.feature_columns = {}}),
                       doctest::Contains("feature_columns must not be empty."), ValueError);
}

}  // namespace weft
#endif
