// A small data set: what is shown is clicked if it starts as what was watched.
#include "click_files.h"

#include <fmt/format.h>
#include <weft/io/example.h>
#include <weft/io/tfrecord.h>

#include <random>
#include <vector>

using namespace weft;

namespace {

const std::vector<std::string> kWords = {"a0", "a1", "a2", "b0", "b1", "b2"};

struct Visit {
  std::vector<std::string> watched;
  std::string shown;
  float age, weight, clicked;
};

Visit draw(std::mt19937_64& random) {
  Visit visit;
  for (size_t n = random() % 4; n-- > 0;) visit.watched.push_back(kWords[random() % kWords.size()]);
  visit.shown = random() % 10 == 0 ? "unknown" : kWords[random() % kWords.size()];
  visit.age = static_cast<float>(random() % 80);
  visit.weight = 0.5f + static_cast<float>(random() % 4) / 4.0f;
  const bool same = !visit.watched.empty() && visit.watched[0][0] == visit.shown[0];
  visit.clicked = same || visit.age > 60 ? 1.0f : 0.0f;
  return visit;
}

void write(const TestDirectory& test, const std::string& name, uint64_t seed, int count) {
  std::mt19937_64 random(seed);
  RecordWriter records(test.file(name + ".tfrecord"));
  std::string csv = "watched,shown,age,weight,clicked\n";
  ExampleWriter example;
  for (int i = 0; i < count; ++i) {
    const Visit visit = draw(random);
    const std::vector<std::string_view> watched(visit.watched.begin(), visit.watched.end());
    example.clear().add("watched", watched).add("shown", visit.shown).add("age", visit.age);
    records.write(example.add("weight", visit.weight).add("clicked", visit.clicked).serialized());
    std::string list;
    for (const std::string& word : visit.watched) list += (list.empty() ? "" : "|") + word;
    csv += fmt::format("{},{},{},{},{}\n", list, visit.shown, visit.age, visit.weight, visit.clicked);
  }
  records.close();
  test.put(name + ".csv", csv);
}

}  // namespace

void write_click_files(const TestDirectory& test) {
  write(test, "train", 1, 400);
  write(test, "eval", 2, 50);
  std::string words;
  for (const std::string& word : kWords) words += word + "\n";
  test.put("words.txt", words);
}

nlohmann::json click_config(const TestDirectory& test) {
  nlohmann::json config = nlohmann::json::parse(R"({
    "features": [{"name": "watched", "dtype": "string"}, {"name": "shown", "dtype": "string"},
                 {"name": "age", "dtype": "float32", "default": 30}, {"name": "weight", "dtype": "float32"},
                 {"name": "clicked", "dtype": "float32"}],
    "columns": [{"kind": "vocabulary_file", "key": "watched"},
                {"kind": "vocabulary_file", "key": "shown"},
                {"name": "table", "kind": "shared_embedding", "columns": ["watched", "shown"], "dimension": 4}],
    "model": {"kind": "dnn_classifier", "hidden_units": [8]},
    "data": {"label": "clicked", "batch_size": 32, "epochs": -1, "shuffle_buffer": 100},
    "run": {"max_steps": 60, "save_checkpoints_steps": 20, "seed": 3}
  })");
  config["columns"][0]["vocabulary_file"] = config["columns"][1]["vocabulary_file"] = test.file("words.txt");
  config["data"]["train"] = test.file("train.tfrecord");
  config["data"]["eval"] = config["data"]["predict"] = {test.file("eval.tfrecord")};
  config["run"]["model_dir"] = test.file("model");
  return config;
}

std::string put_config(const TestDirectory& test, const nlohmann::json& config) {
  return test.put("config.json", config.dump(1));
}
