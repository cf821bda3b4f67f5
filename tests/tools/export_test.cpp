// weft export and weft train --import: models in and out.
#include "click_files.h"
#include "run_weft.h"

#include <doctest/doctest.h>
#include <weft/io/formats/open_tensors.h>

#include <filesystem>

using namespace weft;
using Json = nlohmann::json;

namespace {

const std::string kTable =
    "dnn/input_from_feature_columns/input_layer/shown_watched_shared_embedding/embedding_weights";

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

struct Trained {
  TestDirectory test;
  std::string config;
  Trained() {
    write_click_files(test);
    config = put_config(test, click_config(test));
    REQUIRE(run_weft({"train", config}).exit_code == 0);
  }
  CommandResult write(const std::string& out, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> arguments = {"export", config, test.file(out)};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_weft(arguments);
  }
  Json evaluate(const std::string& directory) const {
    return Json::parse(run_weft({"evaluate", config, "--json", "--set", "run.model_dir=" + test.file(directory)}).out);
  }
};

}  // namespace

TEST_CASE("export: to every format of tensors, and back by --import the same model") {
  const Trained model;
  const TestDirectory& test = model.test;
  std::filesystem::create_directory(test.file("tf"));
  const Json before = model.evaluate("model");
  int number = 0;
  for (const char* out : {"tf/model.ckpt-60", "a.safetensors", "a.npz", "a.hdf5"}) {
    const CommandResult made = model.write(out);
    REQUIRE_MESSAGE(made.exit_code == 0, made.err);
    CHECK(has(made.out, "at step 60"));
    const std::string directory = "again" + std::to_string(number++);
    const CommandResult again = run_weft({"train", model.config, "--set", "run.model_dir=" + test.file(directory),
                                          "--import", test.file(out), "--json"});
    REQUIRE_MESSAGE(again.exit_code == 0, again.err);
    const Json told = Json::parse(again.out);
    CHECK(told["import"]["complete"] == true);
    CHECK(told["import"]["loaded"].size() == 11);  // five variables, their slots, the step
    CHECK(told["steps"] == 0);
    CHECK(model.evaluate(directory) == before);
  }
  CHECK(has(test.text("tf/checkpoint"), "model.ckpt-60"));
  const CommandResult variables = model.write("b.npz", {"--variables", "--json"});
  CHECK(Json::parse(variables.out)["tensors"].size() == 5);
  const CommandResult keras = model.write("k.h5", {"--to", "keras"});
  CHECK_MESSAGE(keras.exit_code == 0, keras.err);
  CHECK(has(run_weft({"inspect", test.file("k.h5")}).out, "dnn/logits/kernel:0"));
  CHECK(run_weft({"diff", test.file("b.npz"), test.file("k.h5"), "--match"}).exit_code == 0);
}

TEST_CASE("export: ONNX, the projector's files, word vectors") {
  const Trained model;
  const TestDirectory& test = model.test;
  const CommandResult onnx = model.write("model.onnx");
  CHECK_MESSAGE(onnx.exit_code == 0, onnx.err);
  CHECK(has(test.text("model.onnx"), "probabilities"));
  const CommandResult projector = model.write("logs", {"--to", "projector", "--max-rows", "3"});
  CHECK_MESSAGE(projector.exit_code == 0, projector.err);
  CHECK(has(projector.out, kTable + "\n"));
  CHECK(has(test.text("logs/projector_config.pbtxt"), "metadata_path"));
  bool words = false;
  for (const auto& file : std::filesystem::directory_iterator(test.file("logs"))) {
    words |= file_bytes(file.path().string()).starts_with("a0\na1\na2\n");
  }
  CHECK(words);
  const CommandResult vectors =
      model.write("a.vec", {"--table", kTable, "--vocabulary", test.file("words.txt"), "--json"});
  CHECK_MESSAGE(vectors.exit_code == 0, vectors.err);
  CHECK(test.text("a.vec").starts_with("6 4\na0 "));
}

TEST_CASE("export: what cannot be is refused, and nothing is written") {
  const Trained model;
  const auto refused = [&](const std::string& out, const std::vector<std::string>& more, const std::string& message) {
    const CommandResult result = model.write(out, more);
    CHECK(result.exit_code == 2);
    CHECK_MESSAGE(has(result.err, message), result.err);
    CHECK(!model.test.has(out));
  };
  refused("a.xyz", {}, ".xyz");
  refused("a.npz", {"--table", kTable}, "got --table");
  refused("a.npz", {"--max-rows", "3"}, "got --max-rows");
  refused("a.onnx", {"--variables"}, "got --variables");
  refused("a.vec", {}, "--vocabulary");
  refused("a.weights.h5", {}, "--like");
  refused("a.onnx", {"--set", "model.hidden_units=[9]"}, "mis-shaped  dnn/hiddenlayer_0/kernel");
  refused("a.npz", {"--set", "run.model_dir=" + model.test.file("none")}, "has no checkpoint");
  refused("a.npz", {"--checkpoint", model.test.file("none.h5")}, "none.h5");
}

TEST_CASE("train --import: the report of all names, rules, and nothing where it does not fit") {
  const Trained model;
  const TestDirectory& test = model.test;
  REQUIRE(run_weft({"convert", test.file("model"), test.file("other.npz"), "--map", "hiddenlayer_0/kernel=first",
                    "--map", "^dnn/logits/bias$=second", "--except", "Adagrad|global_step|^weft/"})
              .exit_code == 0);
  const std::string fresh = "run.model_dir=" + test.file("fresh");
  const auto train = [&](const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {"train", model.config, "--set", fresh, "--import", test.file("other.npz")};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_weft(arguments);
  };
  const CommandResult misfit = train({});
  CHECK(misfit.exit_code == 1);
  for (const char* line :
       {"missing     dnn/hiddenlayer_0/kernel", "missing     dnn/logits/bias", "surplus     dnn/first",
        "surplus     second", "3 loaded, 2 missing, 2 surplus: not complete"}) {
    CHECK_MESSAGE(has(misfit.out, line), misfit.out);
  }
  CHECK(!test.has("fresh"));
  const std::vector<std::string> rules = {"--map", "first=hiddenlayer_0/kernel", "--map", "second=dnn/logits/bias"};
  std::vector<std::string> dry = rules;
  dry.insert(dry.end(), {"--dry-run", "--json"});
  const CommandResult would = train(dry);
  CHECK(would.exit_code == 0);
  CHECK(Json::parse(would.out)["import"]["complete"] == true);
  CHECK(!test.has("fresh"));
  std::vector<std::string> on = rules;
  on.insert(on.end(), {"--set", "run.max_steps=5"});
  const CommandResult trained = train(on);
  CHECK_MESSAGE(trained.exit_code == 0, trained.err);
  CHECK(has(trained.out, "5 steps, the model has 5"));
  // A model that is there stays.
  const CommandResult again = train(rules);
  CHECK(again.exit_code == 2);
  CHECK(has(again.err, "model_dir must not have a checkpoint"));
  CHECK(run_weft({"train", model.config, "--map", "a=b"}).exit_code == 2);
}
