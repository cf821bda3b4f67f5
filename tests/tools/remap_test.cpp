// weft vocab remap.
#include "click_files.h"
#include "run_weft.h"

#include <doctest/doctest.h>
#include <weft/io/checkpoint.h>
#include <weft/io/formats/weft_checkpoint.h>

using namespace weft;
using Json = nlohmann::json;

namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

void write(CheckpointWriter& writer, const std::string& name, const Shape& shape, std::vector<float> numbers) {
  writer.write(name, shape, {numbers.data(), shape[0], shape.size() / shape[0], shape.size() / shape[0]});
}

/// A table of red, green, blue and two buckets with Adagrad's slot, a bias a word with Ftrl's, and step 7.
void write_checkpoint(const std::string& path) {
  CheckpointWriter writer(path);
  const std::vector<int64_t> step = {7};
  write(writer, "table", Shape{5, 2}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10});
  write(writer, "table/t_0/Adagrad", Shape{5, 2}, {.1f, .2f, .3f, .4f, .5f, .6f, .7f, .8f, .9f, 1});
  write(writer, "bias", Shape{3}, {1, 2, 3});
  write(writer, "bias/Ftrl", Shape{3}, {.2f, .3f, .4f});
  write(writer, "bias/Ftrl_1", Shape{3}, {5, 6, 7});
  write(writer, "other", Shape{5}, {1, 1, 1, 1, 1});
  writer.write("global_step", step, true);
  writer.close();
}

struct Files {
  TestDirectory test;
  Files() {
    write_checkpoint(test.file("a.h5"));
    test.put("old.txt", "red\ngreen\nblue\n");
    test.put("new.txt", "pink\nblue\nred\nblack\n");
  }
  CommandResult remap(std::vector<std::string> more, const std::string& out = "b.h5") const {
    std::vector<std::string> arguments = {
        "vocab", "remap", test.file("a.h5"), test.file("old.txt"), test.file("new.txt"), test.file(out)};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_weft(arguments);
  }
};

}  // namespace

TEST_CASE("vocab remap: rows and slots follow their words, buckets stay behind, new rows begin as their kind does") {
  const Files files;
  const CommandResult result = files.remap({"--tensor", "table", "--tensor", "bias", "--json"});
  REQUIRE_MESSAGE(result.exit_code == 0, result.err);
  const Json json = Json::parse(result.out);
  CHECK(json["words"] == Json({{"kept", 2}, {"new", 2}, {"dropped", 1}}));
  CHECK(json["tensors"].size() == 5);
  const NamedTensors out = open_weft_checkpoint(files.test.file("b.h5"));
  CHECK(out.find("table")->shape == std::vector<int64_t>{6, 2});
  CHECK(out.read_floats("table") == std::vector<float>{0, 0, 5, 6, 1, 2, 0, 0, 7, 8, 9, 10});
  CHECK(out.read_floats("table/t_0/Adagrad") ==
        std::vector<float>{.1f, .1f, .5f, .6f, .1f, .2f, .1f, .1f, .7f, .8f, .9f, 1});
  CHECK(out.read_floats("bias") == std::vector<float>{0, 3, 1, 0});
  CHECK(out.read_floats("bias/Ftrl") == std::vector<float>{.1f, .4f, .2f, .1f});
  CHECK(out.read_floats("bias/Ftrl_1") == std::vector<float>{0, 7, 5, 0});
  CHECK(out.read_floats("other") == std::vector<float>(5, 1.0f));
  CHECK(out.read_integers("global_step") == std::vector<int64_t>{7});
}

TEST_CASE("vocab remap: sizes, other first values, random rows that depend on the seed alone") {
  const Files files;
  // Of two old words used, the third row is a bucket, as are the two others.
  CHECK(files.remap({"--tensor", "table", "--old-size", "2", "--new-size", "3", "--slot-value", "Adagrad=0.5"})
            .exit_code == 0);
  const NamedTensors out = open_weft_checkpoint(files.test.file("b.h5"));
  CHECK(out.read_floats("table") == std::vector<float>{0, 0, 0, 0, 1, 2, 5, 6, 7, 8, 9, 10});
  CHECK(out.read_floats("table/t_0/Adagrad") ==
        std::vector<float>{.5f, .5f, .5f, .5f, .1f, .2f, .5f, .6f, .7f, .8f, .9f, 1});
  const auto random = [&](const std::string& seed, const std::string& out_name) {
    files.remap({"--tensor", "table", "--initializer", "truncated_normal", "--stddev", "0.01", "--seed", seed},
                out_name);
    return open_weft_checkpoint(files.test.file(out_name)).read_floats("table");
  };
  const std::vector<float> one = random("1", "c.h5");
  CHECK(one[0] != 0.0f);
  CHECK(std::abs(one[0]) <= 0.02f);
  CHECK(one[2] == 5.0f);
  CHECK(random("1", "d.h5") == one);
  CHECK(random("2", "e.h5") != one);
}

TEST_CASE("vocab remap: a new row begins once in the slots of a partitioned table's parts") {
  const Files files;
  CheckpointWriter writer(files.test.file("a.h5"));
  write(writer, "table", Shape{3, 1}, {1, 2, 3});
  write(writer, "table/t_0/Adagrad", Shape{3, 1}, {.5f, .6f, 0});
  write(writer, "table/t_1/Adagrad", Shape{3, 1}, {0, 0, .7f});
  write(writer, "table/t_2/Adagrad", Shape{3, 1}, {0, 0, 0});
  writer.close();
  const CommandResult result = files.remap({"--tensor", "table"});
  REQUIRE_MESSAGE(result.exit_code == 0, result.err);
  const NamedTensors out = open_weft_checkpoint(files.test.file("b.h5"));
  CHECK(out.read_floats("table/t_0/Adagrad") == std::vector<float>{.1f, 0, .5f, .1f});
  CHECK(out.read_floats("table/t_1/Adagrad") == std::vector<float>{0, .7f, 0, 0});
  CHECK(out.read_floats("table/t_2/Adagrad") == std::vector<float>{0, 0, 0, 0});
}

TEST_CASE("vocab remap: a table larger than the memory it may take") {
  const TestDirectory test;
  constexpr int64_t kWords = 300'000, kWidth = 2;  // 2.4 MB in blocks of 1 MiB
  std::string old_words, new_words;
  std::vector<float> numbers;
  for (int64_t i = 0; i < kWords; ++i) {
    old_words += std::to_string(i) + "\n";
    new_words += std::to_string(i * 7919 % kWords) + "\n";  // a permutation
    numbers.insert(numbers.end(), {static_cast<float>(i), static_cast<float>(-i)});
  }
  test.put("old.txt", old_words);
  test.put("new.txt", new_words);
  CheckpointWriter writer(test.file("a.h5"));
  write(writer, "table", Shape{kWords, kWidth}, numbers);
  writer.close();
  const CommandResult result =
      run_weft({"vocab", "remap", test.file("a.h5"), test.file("old.txt"), test.file("new.txt"), test.file("b.h5"),
                "--tensor", "table", "--memory", "1"});
  REQUIRE_MESSAGE(result.exit_code == 0, result.err);
  const std::vector<float> out = open_weft_checkpoint(test.file("b.h5")).read_floats("table");
  bool right = out.size() == numbers.size();
  for (int64_t i = 0; right && i < kWords; ++i) {
    const auto word = static_cast<float>(i * 7919 % kWords);
    right = out[static_cast<size_t>(2 * i)] == word && out[static_cast<size_t>(2 * i + 1)] == -word;
  }
  CHECK(right);
}

TEST_CASE("vocab remap: a dry run writes nothing; what cannot be is refused, and nothing is written") {
  const Files files;
  const CommandResult dry = files.remap({"--tensor", "table", "--dry-run"});
  CHECK(dry.exit_code == 0);
  CHECK(has(dry.out, "2 words kept, 2 new, 1 dropped"));
  CHECK(!files.test.has("b.h5"));
  const auto refused = [&](const std::vector<std::string>& more, const std::string& message) {
    const CommandResult result = files.remap(more);
    CHECK(result.exit_code == 2);
    CHECK_MESSAGE(has(result.err, message), result.err);
    CHECK(!files.test.has("b.h5"));
  };
  refused({"--tensor", "tabel"}, "Did you mean 'table'?");
  refused({"--tensor", "global_step"}, "'global_step' is int64");
  refused({"--tensor", "table", "--old-size", "9"}, "old.txt");
  refused({}, "--tensor");
  refused({"--tensor", "table", "--slot-value", "Adagrad"}, "NAME=NUMBER");
  files.test.put("old.txt", "a\nb\nc\nd\ne\nf\n");
  refused({"--tensor", "table"}, "of 5 rows, expected float32 of 6");
  CheckpointWriter writer(files.test.file("a.h5"));
  write(writer, "table", Shape{6, 1}, {1, 2, 3, 4, 5, 6});
  write(writer, "table/Mystery", Shape{6, 1}, {1, 2, 3, 4, 5, 6});
  writer.close();
  refused({"--tensor", "table"}, "--slot-value Mystery=NUMBER");
}

TEST_CASE("vocab remap: the remapped model trains on where it was") {
  const TestDirectory test;
  write_click_files(test);
  Json config = click_config(test);
  REQUIRE(run_weft({"train", put_config(test, config)}).exit_code == 0);
  const Json before = Json::parse(run_weft({"evaluate", put_config(test, config), "--json"}).out);
  test.put("new.txt", "b2\nfresh\na0\nb1\na1\nb0\na2\n");
  const std::string table =
      "dnn/input_from_feature_columns/input_layer/shown_watched_shared_embedding/embedding_weights";
  const CommandResult result = run_weft({"vocab", "remap", test.file("model"), test.file("words.txt"),
                                         test.file("new.txt"), test.file("moved/"), "--tensor", table});
  REQUIRE_MESSAGE(result.exit_code == 0, result.err);
  config["columns"][0]["vocabulary_file"] = config["columns"][1]["vocabulary_file"] = test.file("new.txt");
  config["run"]["model_dir"] = test.file("moved");
  const std::string moved = put_config(test, config);
  // The same model: the same words have the same rows.
  CHECK(Json::parse(run_weft({"evaluate", moved, "--json"}).out) == before);
  // The same slots: from here both models train to the same weights.
  const CommandResult onward = run_weft({"train", moved, "--json", "--set", "run.max_steps=90"});
  REQUIRE_MESSAGE(onward.exit_code == 0, onward.err);
  CHECK(Json::parse(onward.out)["steps"] == 30);
  Json old = click_config(test);
  old["run"]["max_steps"] = 90;
  REQUIRE(run_weft({"train", put_config(test, old)}).exit_code == 0);
  const Json compared = Json::parse(
      run_weft({"diff", test.file("model"), test.file("moved"), "--json", "--all", "--tolerance", "1e-5"}).out);
  int equal = 0;
  for (const Json& one : compared["tensors"]) equal += one["difference"] == "equal";
  CHECK_MESSAGE(equal >= 9, compared.dump(1));  // two layers with their slots, and the step
}
