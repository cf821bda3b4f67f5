// Tests of the modes: each runs on a data set of a few hundred examples.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <unistd.h>
#include <weft/core/error.h>
#include <weft/io/example.h>
#include <weft/io/tfrecord.h>

#include <filesystem>
#include <fstream>

#include "modes.h"
#include "profile.h"

namespace weft::bench {
namespace {

constexpr int64_t kExamples = 256, kWords = 8, kBatch = 16;

/// A directory with one workload, removed at the end: a user clicks on even videos.
class SmallData {
 public:
  SmallData() {
    std::filesystem::create_directories(directory_ + "/ids");
    std::ofstream vocabulary(directory_ + "/vocab.txt");
    for (int64_t w = 0; w < kWords; w++) vocabulary << "v" << w << '\n';
    for (const char* file : {"/train-0.tfrecord", "/eval-0.tfrecord"}) write_records(directory_ + file);
    write_ids();
    std::ofstream(directory_ + "/manifest.json")
        << R"({"vocab": 8, "dim": 4, "hidden": [8], "batch": 16, "kind": "bytes", "columns": ["shown", "watched"], "label": "clicked",)"
        << R"( "train_examples": 256, "train_bytes": 20000, "files": {"train-0.tfrecord": "", "eval-0.tfrecord": ""}})";
  }
  ~SmallData() { std::filesystem::remove_all(root_); }

  Options options(const std::string& mode) const {
    Options options;
    options.data = root_;
    options.workload = "small";
    options.mode = mode;
    options.seconds = 0.02;
    return options;
  }
  nlohmann::ordered_json run(nlohmann::ordered_json (*mode)(const Options&, const Workload&),
                             const std::string& name) const {
    return mode(options(name), load_workload(options(name)));
  }

 private:
  void write_records(const std::string& path) const {
    RecordWriter writer(path);
    ExampleWriter example;
    for (int64_t i = 0; i < kExamples; i++) {
      const std::string shown = fmt::format("v{}", i % kWords);
      const std::string_view watched[] = {"v0", "v3", "elsewhere"};
      example.clear().add("clicked", (i + 1) % 2).add("shown", std::string_view(shown)).add("watched", watched);
      writer.write(example.serialized());
    }
    writer.close();
  }

  void write_ids() const {
    const auto write = [&](const std::string& name, const auto& numbers) {
      std::ofstream file(directory_ + "/ids/train." + name, std::ios::binary);
      file.write(reinterpret_cast<const char*>(numbers.data()),
                 static_cast<std::streamsize>(numbers.size() * sizeof numbers[0]));
    };
    std::vector<uint8_t> labels;
    std::vector<int32_t> shown, watched;
    std::vector<int64_t> shown_splits = {0}, watched_splits = {0};
    for (int64_t i = 0; i < kExamples; i++) {
      labels.push_back(static_cast<uint8_t>((i + 1) % 2));
      shown.push_back(static_cast<int32_t>(i % kWords));
      watched.insert(watched.end(), {0, 3});
      shown_splits.push_back(std::ssize(shown));
      watched_splits.push_back(std::ssize(watched));
    }
    write("labels.u8", labels);
    write("shown.values.i32", shown);
    write("shown.splits.i64", shown_splits);
    write("watched.values.i32", watched);
    write("watched.splits.i64", watched_splits);
  }

  std::string root_ = std::filesystem::temp_directory_path() / ("weft_bench_test-" + std::to_string(getpid()));
  std::string directory_ = root_ + "/small";
};

}  // namespace

TEST_CASE("weft_bench modes: end to end learns, and judges the model of one epoch") {
  const SmallData data;
  const auto result = data.run(run_e2e, "e2e");
  CHECK(result["examples_per_s"] > 0);
  CHECK(result["epochs"] > 1);
  CHECK(result["eval"]["examples"] == kExamples);
  CHECK(result["eval"]["auc"] > 0.9);
  CHECK(result["eval"] == data.run(run_e2e, "e2e")["eval"]);
}

TEST_CASE("weft_bench modes: a step from ids in memory, names outside the vocabulary left out") {
  const SmallData data;
  const auto result = data.run(run_step, "step");
  CHECK(result["examples_per_s"] > 0);
  CHECK(result["rows_per_step"] == 3 * kBatch);
  CHECK(result["time_to_first_step_s"] > 0);
}

TEST_CASE("weft_bench modes: input, predict and ckpt give their fields") {
  const SmallData data;
  CHECK(data.run(run_input, "input")["mb_per_s"] > 0);
  const auto prediction = data.run(run_predict, "predict");
  CHECK(prediction["examples_per_s"] > 0);
  CHECK(prediction["latency"]["p50_us"] <= prediction["latency"]["p99_us"]);
  const auto checkpoint = data.run(run_checkpoint, "ckpt")["checkpoint"];
  CHECK(checkpoint["bytes"] > 2 * 4 * kWords * 4);
  CHECK(checkpoint["save_s"] <= checkpoint["save_and_sync_s"]);
}

TEST_CASE("weft_bench modes: a profile has the stages of its mode, and they fit into the time counted") {
  const SmallData data;
  const auto profiled = [&](const std::string& mode, auto run) {
    Options options = data.options(mode);
    options.profile = true;
    const auto result = run(options, load_workload(options));
    double training = 0;
    std::vector<std::string> stages;
    for (const auto& row : result["profile"]["stages"]) {
      stages.push_back(row["stage"]);
      if (row["thread"] == "training") training += row["us"].template get<double>();
    }
    CHECK(training <= 1.05 * 1e6 / result["examples_per_s"].template get<double>());
    CHECK(profile_table(result).find("machine:") != std::string::npos);
    return stages;
  };
  CHECK(profiled("step", run_step) ==
        std::vector<std::string>{"gather", "forward", "backward", "coalesce", "update", "other"});
  CHECK(profiled("input", run_input) == std::vector<std::string>{"read", "crc", "parse", "lookup", "wait"});
  CHECK(profiled("e2e", run_e2e) == std::vector<std::string>{"read", "crc", "parse", "lookup", "wait", "gather",
                                                             "forward", "backward", "coalesce", "update", "other"});
}

TEST_CASE("weft_bench modes: ids that do not fit the labels are refused") {
  const SmallData data;
  Options options = data.options("step");
  const Workload workload = load_workload(options);
  std::ofstream(workload.directory + "/ids/train.labels.u8", std::ios::app) << "x";
  CHECK_THROWS_AS(run_step(options, workload), DataError);
  options.workload = "other";
  CHECK_THROWS_AS(load_workload(options), IoError);
}

}  // namespace weft::bench
