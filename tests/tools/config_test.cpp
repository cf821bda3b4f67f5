// Configurations: what is wrong with them is told, all at once, by path.
#include "click_files.h"
#include "run_weft.h"

#include <doctest/doctest.h>

using namespace weft;
using Json = nlohmann::json;

namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// A dry run with changes.
CommandResult dry_run(const std::string& config, const std::vector<std::string>& changes) {
  std::vector<std::string> arguments = {"train", config, "--dry-run"};
  for (const std::string& change : changes) {
    arguments.push_back("--set");
    arguments.push_back(change);
  }
  return run_weft(arguments);
}

}  // namespace

TEST_CASE("config: a dry run shows columns and parameters, and writes nothing") {
  const TestDirectory test;
  write_click_files(test);
  const std::string config = put_config(test, click_config(test));
  const CommandResult text = dry_run(config, {"columns[2].dimension=16"});
  CHECK_MESSAGE(text.exit_code == 0, text.err);
  CHECK(has(text.out, "shown_watched_shared_embedding/embedding_weights  [6, 16]"));
  const CommandResult result = run_weft({"train", config, "--dry-run", "--json"});
  const Json json = Json::parse(result.out);
  CHECK(json["features"].size() == 2);
  CHECK(json["columns"].size() == 2);
  CHECK(json["parameters"][1]["shape"] == Json({8, 8}));
  CHECK(!test.has("model"));
}

TEST_CASE("config: all that is wrong is told at once, with its path and what is like it") {
  const TestDirectory test;
  write_click_files(test);
  const CommandResult result =
      dry_run(put_config(test, click_config(test)),
              {"columns[0].key=wached", "columns[1].vocabulary_size=six", "columns[2].dimensoin=5",
               "features[0].dtype=strng", "model.hidden_units=[8,\"x\"]", "model.optimizer={\"name\":\"adagard\"}",
               "data.batch_size=0", "run.max_stepz=1", "rum={}"});
  CHECK(result.exit_code == 2);
  for (const char* line :
       {"columns[0].key: got 'wached', expected one of the features. Did you mean 'watched'?",
        "columns[1].vocabulary_size: got \"six\", expected an integer",
        "columns[2].dimensoin: no key of a column of kind shared_embedding. Did you mean 'dimension'?",
        "features[0].dtype: got 'strng', expected one of string, int64, float32.",
        "model.hidden_units: got [8,\"x\"], expected a list, each element an integer",
        "model.optimizer.name: got 'adagard'", "Did you mean 'adagrad'?", "data.batch_size: got 0, expected 1 or more",
        "run.max_stepz: no key of run.", "rum: no key of a configuration. Did you mean 'run'?"}) {
    CHECK_MESSAGE(has(result.err, line), line, "\n", result.err);
  }
}

TEST_CASE("config: missing parts, wrong kinds of columns and arguments that cannot be") {
  const TestDirectory test;
  write_click_files(test);
  const std::string config = put_config(test, click_config(test));
  const auto refused = [&](const std::vector<std::string>& changes, const std::string& message) {
    const CommandResult result = dry_run(config, changes);
    CHECK(result.exit_code == 2);
    CHECK_MESSAGE(has(result.err, message), result.err);
  };
  refused({"columns[0]={\"kind\":\"vocabulary_file\",\"key\":\"watched\"}"}, "columns[0].vocabulary_file: is missing");
  refused({"columns[2].columns=[\"watched\",\"table\"]"}, "columns[2].columns: got 'table', expected a column that");
  refused({"columns[2]={\"name\":\"i\",\"kind\":\"indicator\",\"column\":\"none\"}"}, "columns[2].column: got 'none'");
  refused({"columns[2].dimension=0"}, "columns[2].dimension: got 0, expected a number above 0");
  refused({"columns[2].ckpt_to_load_from=x"}, "columns[2]: ");
  refused({"columns[1].name=watched"}, "another column's");
  refused({"columns[0].vocabulary_file=nowhere.txt"}, "columns[0]: ");
  refused({"model={}"}, "model.kind: is missing");
  refused({"model.n_classes=1"}, "model.n_classes: got 1, expected 2 or more");
  refused({"model.label_dimension=2"}, "model.label_dimension: no key of a model of kind dnn_classifier");
  refused({"model.optimizer={\"name\":\"adagrad\",\"clipnorm\":-1}"}, "model.optimizer: ");
  refused({"run.early_stopping=[{\"stop_if\":\"higher\"}]"}, "run.early_stopping[0].threshold: is missing");
  refused({"data.label=watched"}, "which the model reads as a feature too");
  refused({"run=5"}, "run: got 5, expected an object");
  refused({"columns[9].name=x"}, "--set columns[9].name=x: there is no [9]");
  refused({"run.max_steps"}, "got no '='");
}

TEST_CASE("config: a file that is no JSON, or has a key twice, is refused; comments may be there") {
  const TestDirectory test;
  write_click_files(test);
  const auto refused = [&](const std::string& text, const std::string& message) {
    const CommandResult result = run_weft({"train", test.put("c.json", text)});
    CHECK(result.exit_code == 2);
    CHECK_MESSAGE(has(result.err, message), result.err);
  };
  refused("{\"run\": }", "line 1, column 9");
  refused("{\"run\": {\"seed\": 1, \"seed\": 2}}", "the key 'seed' twice");
  refused("[]", "got [], expected an object");
  refused("", "no JSON");
  refused("\xff\xfe", "no JSON");
  refused(std::string(100000, '['), "no JSON");
  CHECK(has(run_weft({"train", test.file("none.json")}).err, "none.json"));
  const std::string text = "// A comment\n" + click_config(test).dump() + "/* another */";
  CHECK(dry_run(test.put("c.json", text), {}).exit_code == 0);
}
