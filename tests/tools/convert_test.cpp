// weft convert and neighbors.
#include "run_weft.h"

#include <doctest/doctest.h>
#include <weft/core/test_directory.h>
#include <weft/io/formats/weft_checkpoint.h>

#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

using namespace weft;
using Json = nlohmann::json;

namespace {

const std::vector<float> kTable = {1, 0, 0, 2, 3, 3};
const std::string kPyTorch = WEFT_REAL_FILES "/pytorch/checkpoint.pt";
const std::string kGensim = WEFT_REAL_FILES "/word_vectors/gensim.txt";

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("convert: a PyTorch state dict becomes a checkpoint, renamed and turned") {
  const TestDirectory test;
  const CommandResult result =
      run_weft({"convert", kPyTorch, test.file("a.h5"), "--only", "^model.net.fc", "--map", "^model.net.fc.=dnn/",
                "--map", "weight$=kernel", "--transpose", "fc.weight", "--json"});
  CHECK(result.exit_code == 0);
  CHECK(Json::parse(result.out)["unused_rules"].empty());
  const NamedTensors written = open_weft_checkpoint(test.file("a.h5"));
  REQUIRE(written.tensors().size() == 2);
  CHECK(written.find("dnn/kernel")->shape == std::vector<int64_t>{3, 2});
  CHECK(run_weft({"verify", test.file("a.h5")}).exit_code == 0);
  // Back to PyTorch's name and layout it is the same tensor.
  run_weft({"convert", test.file("a.h5"), test.file("b.h5"), "--only", "kernel", "--map", "^.*=model.net.fc.weight",
            "--transpose", "."});
  const CommandResult diff = run_weft({"diff", kPyTorch, test.file("b.h5"), "--json", "--all"});
  bool equal = false;
  const Json compared = Json::parse(diff.out);
  for (const Json& one : compared["tensors"]) {
    equal |= one["name"] == "model.net.fc.weight" && one["difference"] == "equal";
  }
  CHECK(equal);
}

TEST_CASE("convert: to safetensors, to Keras and back nothing changes") {
  const TestDirectory test;
  write_small_checkpoint(test.file("a.h5"), kTable);
  CHECK(run_weft({"convert", test.file("a.h5"), test.file("a.safetensors")}).exit_code == 0);
  CHECK(run_weft({"diff", test.file("a.h5"), test.file("a.safetensors")}).exit_code == 0);
  CHECK(run_weft({"convert", test.file("a.h5"), test.file("a.ckpt")}).exit_code == 0);
  CHECK(run_weft({"diff", test.file("a.h5"), test.file("a.ckpt")}).exit_code == 0);
  CHECK(has(run_weft({"inspect", test.file("a.ckpt")}).out, "TensorFlow checkpoint, 3 tensors"));
  const CommandResult keras = run_weft(
      {"convert", test.file("a.safetensors"), test.file("k.h5"), "--to", "keras", "--only", "^dnn/", "--map", "$=:0"});
  CHECK_MESSAGE(keras.exit_code == 0, keras.err);
  CHECK(has(run_weft({"inspect", test.file("k.h5")}).out, "dnn/table:0"));
  CHECK(run_weft({"verify", test.file("k.h5"), test.file("a.safetensors")}).exit_code == 0);
}

TEST_CASE("convert: a dry run writes nothing; rules that meet nothing and texts that are left out are told") {
  const TestDirectory test;
  const CommandResult result = run_weft({"convert", kPyTorch, test.file("a.h5"), "--map", "none=x", "--dry-run"});
  CHECK(result.exit_code == 0);
  CHECK(has(result.err, "no name met --map none=x"));
  CHECK(has(result.out, "left out: string"));
  CHECK(has(result.out, "a dry run"));
  CHECK(!test.has("a.h5"));
}

TEST_CASE("convert: wrong rules, two tensors of one name and unknown endings are refused, and nothing is written") {
  const TestDirectory test;
  const auto refused = [&](const std::vector<std::string>& more, const std::string& out, const std::string& message) {
    std::vector<std::string> arguments = {"convert", kPyTorch, test.file(out)};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const CommandResult result = run_weft(arguments);
    CHECK(result.exit_code == 2);
    CHECK_MESSAGE(has(result.err, message), result.err);
    CHECK(test.entries() == 0);
  };
  refused({"--map", "("}, "a.h5", "expected regex=replacement");
  refused({"--map", "(=x"}, "a.h5", "is no regular expression");
  refused({"--map", ".*=x"}, "a.h5", "two tensors of a name");
  refused({"--transpose", "epoch"}, "a.h5", "expected two axes");
  refused({}, "a.xyz", ".xyz");
  refused({"--to", "weft2"}, "a.h5", "--to");
  refused({}, "a.vec", "--table");
  refused({}, "a.weights.h5", "--like");
  refused({"--lenient"}, "a.h5", "--lenient requires --like");
}

TEST_CASE("convert: no option is passed over: it is applied, or refused") {
  const TestDirectory test;
  write_small_checkpoint(test.file("a.h5"), kTable);
  test.put("words.txt", "red\ngreen\n");
  const auto convert = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"convert", test.file("a.h5")});
    return run_weft(more);
  };
  // The only matrix, turned: rules come before the table is looked for.
  const CommandResult turned =
      convert({test.file("a.vec"), "--map", "^dnn/=", "--transpose", "table", "--vocabulary", test.file("words.txt")});
  CHECK_MESSAGE(turned.exit_code == 0, turned.err);
  CHECK(test.text("a.vec") == "2 3\nred 1 0 3\ngreen 0 2 3\n");
  CHECK(has(turned.out, "dnn/table  vectors  transposed"));
  const CommandResult none = convert({test.file("b.vec"), "--except", "table", "--vocabulary", test.file("words.txt")});
  CHECK(none.exit_code == 2);
  CHECK(has(none.err, "got 0 matrices"));
  CHECK(has(convert({test.file("b.npz"), "--table", "dnn/table"}).err, "got --table for the format npz"));
  CHECK(has(convert({test.file("b.npz"), "--vocabulary", test.file("words.txt")}).err, "got --vocabulary"));
  CHECK(has(convert({test.file("b.npz"), "--compress", "5"}).err, "got --compress for the format npz"));
  CHECK(has(convert({test.file("b.h5"), "--compress", "10"}).err, "--compress"));
  CHECK(!test.has("b.h5"));
  CHECK(has(convert({test.file("b.vec"), "--like", test.file("a.h5")}).err, "got --like"));
  CHECK(!test.has("b.npz"));
  CHECK(!test.has("b.vec"));
}

TEST_CASE("convert: --compress makes weft's file smaller, its numbers stay") {
  const TestDirectory test;
  write_small_checkpoint(test.file("a.h5"), std::vector<float>(3 * 20'000, 0.25f));
  CHECK(run_weft({"convert", test.file("a.h5"), test.file("b.h5"), "--compress", "4"}).exit_code == 0);
  CHECK(test.text("b.h5").size() < test.text("a.h5").size() / 10);
  CHECK(run_weft({"diff", test.file("a.h5"), test.file("b.h5")}).exit_code == 0);
  CHECK(run_weft({"verify", test.file("b.h5")}).exit_code == 0);
}

TEST_CASE("convert: a TensorFlow checkpoint has a step in its name, and its directory's state file names it") {
  const TestDirectory test;
  write_small_checkpoint(test.file("a.h5"), kTable);
  std::filesystem::create_directory(test.file("tf"));
  CHECK(run_weft({"convert", test.file("a.h5"), test.file("tf/model.ckpt-120")}).exit_code == 0);
  CHECK(has(test.text("tf/checkpoint"), "model_checkpoint_path: \"model.ckpt-120\""));
  CHECK(run_weft({"diff", test.file("a.h5"), test.file("tf")}).exit_code == 0);
  // A model directory of weft's goes on from its own checkpoint.
  const std::string own = "model_checkpoint_path: \"a.h5\"\n";
  test.put("checkpoint", own);
  CHECK(run_weft({"convert", test.file("a.h5"), test.file("model.ckpt-7")}).exit_code == 0);
  CHECK(test.text("checkpoint") == own);
  CHECK(run_weft({"diff", test.file("a.h5"), test.file("model.ckpt-7")}).exit_code == 0);
}

TEST_CASE("convert and inspect: a PyTorch file from before 1.6, whatever its ending") {
  const TestDirectory test;
  std::filesystem::copy_file(WEFT_REAL_FILES "/pytorch/legacy.pt", test.file("pytorch_model.bin"));
  const CommandResult result = run_weft({"convert", test.file("pytorch_model.bin"), test.file("a.h5")});
  CHECK_MESSAGE(result.exit_code == 0, result.err);
  CHECK(has(run_weft({"inspect", test.file("pytorch_model.bin")}).out, "PyTorch"));
}

TEST_CASE("convert --like: another program's names and layout, and the whole report") {
  const TestDirectory test;
  // Keras' files of one model, with names and without; the one under weft's names is what the other is to be.
  const std::string keras = WEFT_REFERENCE_FILES "/H/files/keras_functional_shared_table";
  const std::string model = test.file("like.h5"), table = "^layers/embedding/vars/0$=video_table";
  REQUIRE(run_weft({"convert", keras + "_legacy_weights.h5", model, "--map", ":0$=", "--map",
                    "^hidden/=dnn/hiddenlayer_0/", "--map", "^logits/=dnn/logits/", "--map",
                    "^video_table/embeddings$=input_layer/video_table/embedding_weights"})
              .exit_code == 0);
  const CommandResult result =
      run_weft({"convert", keras + ".weights.h5", test.file("like_it.h5"), "--like", model, "--map", table, "--json"});
  REQUIRE_MESSAGE(result.exit_code == 0, result.out);
  const Json report = Json::parse(result.out)["report"];
  CHECK(report["complete"] == true);
  CHECK(report["loaded"].size() == 5);
  CHECK(report["surplus_state"].size() == 2);  // Keras' metrics
  CHECK(run_weft({"diff", test.file("like_it.h5"), model}).exit_code == 0);
  const CommandResult match =
      run_weft({"diff", keras + ".weights.h5", model, "--match", "--map", table, "--map", "^metrics/.*="});
  CHECK_MESSAGE(match.exit_code == 0, match.out);
  // The way back, to names that Keras takes.
  const CommandResult back = run_weft({"convert", model, test.file("back.weights.h5"), "--like", keras + ".weights.h5",
                                       "--map", "kernel$=vars/0", "--map", "bias$=vars/1", "--map",
                                       "dnn/hiddenlayer_0=layers/dense", "--map", "dnn/logits=layers/dense_1", "--map",
                                       "input_layer/video_table/embedding_weights=layers/embedding/vars/0"});
  CHECK_MESSAGE(back.exit_code == 0, back.out);
  CHECK(has(run_weft({"inspect", test.file("back.weights.h5")}).out, "Keras HDF5, 5 tensors"));
  // What does not fit is told at once; nothing is written, but with --lenient.
  write_small_checkpoint(test.file("a.h5"), kTable);
  const std::vector<std::string> misfit = {"convert", test.file("a.h5"), test.file("b.safetensors"), "--like", kPyTorch,
                                           "--map",   "none=x"};
  const CommandResult refused = run_weft(misfit);
  CHECK(refused.exit_code == 1);
  for (const char* line : {"missing     model.net.fc.weight", "surplus     dnn/table", "unused rule map none=x",
                           "not complete", "nothing was written"}) {
    CHECK_MESSAGE(has(refused.out, line), refused.out);
  }
  CHECK(!test.has("b.safetensors"));
  std::vector<std::string> lenient = misfit;
  lenient.emplace_back("--lenient");
  lenient.emplace_back("--dry-run");
  CHECK(run_weft(lenient).exit_code == 0);
  CHECK(!test.has("b.safetensors"));
  lenient.pop_back();
  CHECK(run_weft(lenient).exit_code == 0);
  CHECK(test.has("b.safetensors"));
}

TEST_CASE("convert: a table with its vocabulary becomes word vectors, and word vectors a table") {
  const TestDirectory test;
  write_small_checkpoint(test.file("a.h5"), kTable);
  test.put("words.txt", "red\ngreen\nblue\n");
  const std::vector<std::string> convert = {"convert",   test.file("a.h5"), test.file("a.vec"),    "--table",
                                            "dnn/table", "--vocabulary",    test.file("words.txt")};
  CHECK(run_weft(convert).exit_code == 0);
  CHECK(test.text("a.vec") == "3 2\nred 1 0\ngreen 0 2\nblue 3 3\n");
  CHECK(run_weft({"convert", kGensim, test.file("b.h5")}).exit_code == 0);
  CHECK(open_weft_checkpoint(test.file("b.h5")).find("vectors")->shape == std::vector<int64_t>{3, 3});
}

TEST_CASE("neighbors: by words of a vocabulary, by the file's own words, by numbers") {
  const TestDirectory test;
  write_small_checkpoint(test.file("a.h5"), kTable);
  test.put("words.txt", "red\ngreen\nblue\n");
  const CommandResult named =
      run_weft({"neighbors", test.file("a.h5"), "red", "--vocabulary", test.file("words.txt"), "-k", "1", "--json"});
  CHECK(named.exit_code == 0);
  const Json json = Json::parse(named.out);
  CHECK(json["table"] == "dnn/table");
  REQUIRE(json["queries"][0]["neighbors"].size() == 1);
  CHECK(json["queries"][0]["neighbors"][0]["word"] == "blue");
  CHECK(json["queries"][0]["neighbors"][0]["score"].get<double>() == doctest::Approx(std::sqrt(0.5)));
  const CommandResult own = run_weft({"neighbors", kGensim, "the", "1999", "--similarity", "l2"});
  CHECK(own.exit_code == 0);
  CHECK(has(own.out, "caf\xc3\xa9"));
  CHECK(has(run_weft({"neighbors", test.file("a.h5"), "0", "--similarity", "dot"}).out, "3.000000  2\n"));
  CHECK(has(run_weft({"neighbors", test.file("a.h5"), "pink", "--vocabulary", test.file("words.txt")}).err, "'pink'"));
  CHECK(run_weft({"neighbors", test.file("a.h5"), "3"}).exit_code == 2);
  CHECK(run_weft({"neighbors", kPyTorch, "0"}).exit_code == 2);
}
