// Writes the demo's data set, one thread a shard.
#include "click_data.h"

#include <weft/io/example.h>
#include <weft/io/tfrecord.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <thread>

namespace {

/// What a shard's writer found out about it.
struct Shard {
  double bytes = 0.0;
  std::vector<double> logits;
  std::vector<bool> clicked;
};

Shard write_shard(const ClickModel& model, const std::vector<std::string>& names, const std::string& path,
                  int64_t examples, const weft::RandomStream& stream) {
  Shard shard;
  Draws draws(stream);
  Impression impression;
  weft::RecordWriter records(path);
  weft::ExampleWriter example;
  std::vector<std::string_view> watched;
  for (int64_t i = 0; i < examples; ++i) {
    model.draw(draws, impression);
    watched.clear();
    for (const int64_t video : impression.watched) watched.push_back(names[video]);
    example.clear()
        .add("clicked", impression.clicked ? 1.0f : 0.0f)
        .add("impression_video_id", names[impression.shown])
        .add("watched_video_id", watched);
    const std::string_view bytes = example.serialized();
    records.write(bytes);
    shard.bytes += static_cast<double>(bytes.size());
    shard.logits.push_back(impression.logit);
    shard.clicked.push_back(impression.clicked);
  }
  records.close();
  return shard;
}

void write_vocabulary(const std::string& path, const std::vector<std::string>& names) {
  std::ofstream out(path);
  for (const std::string& name : names) out << name << '\n';
  if (!out.flush()) throw weft::IoError("[click data] " + path + ": could not be written.");
}

}  // namespace

ClickData write_click_data(const ClickModel& model, const ClickDataOptions& options) {
  std::filesystem::create_directories(options.directory);
  std::vector<std::string> names;
  for (int64_t video = 0; video < model.videos(); ++video) names.push_back(model.name(video));
  write_vocabulary(options.directory + "/videos.txt", names);

  const auto start = [&](const std::string& file, int64_t examples) {
    const weft::RandomStream stream = {.seed = options.seed, .stream = weft::stream_of(file)};
    const std::string path = options.directory + "/" + file;
    return std::async(std::launch::async, [&model, &names, path, examples, stream] {
      return write_shard(model, names, path, examples, stream);
    });
  };
  std::vector<std::future<Shard>> training;
  for (int64_t i = 0; i < options.train_shards; ++i) {
    training.push_back(
        start("train-0000" + std::to_string(i) + ".tfrecord", options.train_examples / options.train_shards));
  }
  const Shard held_out = start("eval-00000.tfrecord", options.eval_examples).get();

  ClickData data = {.eval_examples = options.eval_examples, .bytes = held_out.bytes};
  for (std::future<Shard>& future : training) {
    const Shard shard = future.get();
    data.train_examples += static_cast<int64_t>(shard.clicked.size());
    data.bytes += shard.bytes;
  }
  data.best_auc = exact_auc(held_out.logits, held_out.clicked);
  return data;
}
