// A trained tf.estimator.DNNClassifier of TensorFlow 2.15 (tf_estimator.py made it): it predicts the same here, goes on
// training from its slots with TensorFlow's losses, and goes back.
#include "estimators.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/core/test_directory.h>
#include <weft/io/formats/open_tensors.h>

#include <nlohmann/json.hpp>

namespace weft {
namespace {

const std::string kData = WEFT_INTERCHANGE_DATA "tf_estimator";

nlohmann::json expected() {
  return nlohmann::json::parse(file_bytes(kData + "/expected.json"));
}

std::string trained() {
  return fmt::format("{}/model.ckpt-{}", kData, expected()["steps"].get<int64_t>());
}

void check_close(const std::vector<float>& got, const nlohmann::json& want) {
  REQUIRE(got.size() == want.size());
  for (size_t i = 0; i < got.size(); ++i) {
    CAPTURE(i);
    CHECK(std::abs(got[i] - want[i].get<double>()) <= 1e-5 + 1e-4 * std::abs(want[i].get<double>()));
  }
}

}  // namespace

TEST_CASE("tf.estimator: a trained DNNClassifier predicts and goes on as TensorFlow's") {
  const nlohmann::json want = expected();
  InterchangeModel model("dnn", kData);
  const NameReport report = model.estimator().import_checkpoint(trained());
  CHECK_MESSAGE(report.complete(), to_string(report));
  CHECK_MESSAGE(report.missing_state.empty(), to_string(report));
  CHECK_MESSAGE(report.surplus_state.empty(), to_string(report));
  CHECK(model.estimator().global_step() == want["steps"]);
  check_close(model.predict(), want["predictions"]);
  check_close(model.train(std::ssize(want["losses"])), want["losses"]);
  check_close(model.predict(), want["later_predictions"]);
}

TEST_CASE("tf.estimator: what goes back has the names, types and numbers that came") {
  const TestDirectory test;
  InterchangeModel model("dnn", kData);
  model.estimator().import_checkpoint(trained());
  const std::string out = test.file("model.ckpt-40");
  model.estimator().export_checkpoint(out);
  const NamedTensors came = open_tensors(trained()), went = open_tensors(test.path);
  REQUIRE(went.tensors().size() == came.tensors().size());
  for (const TensorInfo& info : came.tensors()) {
    CAPTURE(info.name);
    REQUIRE(went.find(info.name) != nullptr);
    CHECK(went.find(info.name)->type == info.type);
    CHECK(went.find(info.name)->shape == info.shape);
    CHECK(went.read_floats(info.name) == came.read_floats(info.name));
  }
  InterchangeModel again("dnn", kData);
  again.estimator().import_checkpoint(out);
  CHECK(again.predict() == model.predict());
}

TEST_CASE("tf.estimator: another model's checkpoint is refused with all that does not fit, and changes nothing") {
  InterchangeModel model("wide_and_deep", kData);
  const std::vector<float> before = model.predict();
  std::string what;
  try {
    model.estimator().import_checkpoint(trained());
  } catch (const DataError& error) {
    what = error.what();
  }
  for (const char* missing : {"linear/linear_model/watched/weights", "linear/linear_model/shown_X_watched/weights",
                              "linear/linear_model/bias_weights"}) {
    CHECK_MESSAGE(what.find(missing) != std::string::npos, what);
  }
  CHECK(model.predict() == before);
  CHECK(model.estimator().global_step() == 0);
  const NameReport report = model.estimator().import_checkpoint(trained(), {.mode = ImportMode::lenient});
  CHECK(report.missing.size() == 3);
  CHECK(model.estimator().global_step() == expected()["steps"]);
}

TEST_CASE("tf.estimator: a model directory with a checkpoint of its own takes no other") {
  const TestDirectory test;
  InterchangeModel("dnn", kData, test.path).train(2);
  InterchangeModel again("dnn", kData, test.path);
  CHECK_THROWS_WITH_AS(again.estimator().import_checkpoint(trained()),
                       doctest::Contains("[import_checkpoint] model_dir must not have a checkpoint"), ValueError);
}

}  // namespace weft
