// Modes that do not train: input, predict, ckpt.
#include <unistd.h>
#include <weft/core/error.h>
#include <weft/core/parallel.h>
#include <weft/io/checkpoint.h>
#include <weft/io/example.h>
#include <weft/io/tfrecord.h>

#include <chrono>
#include <cmath>
#include <filesystem>

#include "clock.h"
#include "metrics.h"
#include "model.h"
#include "modes.h"
#include "profile.h"

namespace weft::bench {
namespace {

double seconds_of(const auto& action) {
  const auto start = std::chrono::steady_clock::now();
  action();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Sigmoid of the logits: [batch] probabilities.
void predict(const Model& model, const Features& features, std::vector<float>& probabilities) {
  Tape tape({.record = false});
  const Tensor& logits = model.logits(tape, features).value();
  probabilities.clear();
  for (const float x : logits.values()) probabilities.push_back(1.0f / (1.0f + std::exp(-x)));
}

std::vector<std::string> first_records(const std::string& path, size_t count) {
  RecordReader reader(path);
  std::vector<std::string> records;
  for (std::string_view data; records.size() < count && reader.read(data);) records.emplace_back(data);
  if (records.empty()) throw DataError("[weft_bench] " + path + ": holds no record. Make the data anew.");
  return records;
}

/// Microseconds for one serialized example, from its bytes to its probability.
nlohmann::ordered_json latency(const Model& model, const Workload& workload, double seconds) {
  const ThreadLimit one(1);
  ParseSpec spec = model.spec();
  spec.erase(workload.label);
  const ExampleParser parser(spec);
  const std::vector<std::string> records = first_records(workload.eval_files.at(0), 64);
  Features features;
  std::vector<float> probability;
  size_t k = 0;
  const auto call = [&] {
    const std::string_view record = records[k++ % records.size()];
    parser.parse({&record, 1}, features);
    predict(model, features, probability);
  };
  for (int warm = 0; warm < 20; warm++) call();
  std::vector<double> microseconds;
  for (double total = 0; total < seconds; total += 1e-6 * microseconds.back())
    microseconds.push_back(1e6 * seconds_of(call));
  return {{"p50_us", rounded(percentile(microseconds, 50), 1)},
          {"p90_us", rounded(percentile(microseconds, 90), 1)},
          {"p99_us", rounded(percentile(microseconds, 99), 1)},
          {"calls", microseconds.size()}};
}

/// A file of this process in the system's directory for temporary files, removed at the end.
struct TemporaryFile {
  std::string path = std::filesystem::temp_directory_path() / ("weft_bench-" + std::to_string(getpid()) + ".h5");
  ~TemporaryFile() {
    std::error_code ignored;
    std::filesystem::remove(path, ignored);
  }
};

}  // namespace

nlohmann::ordered_json run_input(const Options& options, const Workload& workload) {
  ParameterStore unused;
  const auto columns =
      shared_columns(workload, 1, IdsFrom::files);  // the look-ups are what counts: the narrowest table will do
  const InputLayer input(unused, columns);
  Dataset dataset = read_examples({.files = {},
                                   .more_files = workload.train_files,
                                   .spec = parse_spec(workload, columns),
                                   .label = workload.label,
                                   .batch_size = workload.batch,
                                   .repeat = {},
                                   .drop_remainder = true});
  // There is no step beside it here: every thread makes batches, this one too.
  const int threads = options.input_threads >= 0 ? options.input_threads : options.threads - 1;
  dataset.map([&input](Batch& batch) { input.prepare(batch.features); }).prefetch(threads, 2 * threads + 2);
  Profile profile(options);
  ExampleWork work;
  Clock clock({.seconds = options.seconds, .stages = profile.times()});
  for (const Batch& batch : dataset) {
    if (profile.wanted() && work.ids == 0) work = work_of(workload, batch, false);
    if (!clock.tick(batch.size)) break;
  }
  nlohmann::ordered_json result = clock.result();
  profile.report(result, work, 1);
  result["config"] = {{"compute_threads", 0}, {"input_threads", threads}};
  if (const auto rate = result.value("examples_per_s", nlohmann::ordered_json()); rate.is_number()) {
    const double bytes = static_cast<double>(workload.train_bytes) / static_cast<double>(workload.train_examples);
    result["mb_per_s"] = rounded(rate.get<double>() * bytes / 1e6, 2);
  }
  return result;
}

nlohmann::ordered_json run_predict(const Options& options, const Workload& workload) {
  const ThreadPlan plan = threads_of(workload, options);
  const ThreadLimit limit(plan.compute);
  const Model model(workload, options, IdsFrom::files);
  Dataset dataset = read_examples({.files = {},
                                   .more_files = workload.eval_files,
                                   .spec = model.spec(),
                                   .label = workload.label,
                                   .batch_size = std::max<int64_t>(workload.batch, 1024),
                                   .repeat = {}});
  dataset.map([&model](Batch& batch) { model.input().prepare(batch.features); })
      .prefetch(plan.readers, plan.batches_ahead);
  Clock clock({.seconds = options.seconds, .warm_seconds = 0.3, .warm_steps = 3});
  std::vector<float> probabilities;
  for (const Batch& batch : dataset) {
    predict(model, batch.features, probabilities);
    if (!clock.tick(batch.size)) break;
  }
  nlohmann::ordered_json result = clock.result();
  result["predict_input"] = "TFRecord files";
  result["latency"] = latency(model, workload, std::min(options.seconds, 2.0));
  result["latency_input"] = "serialized tf.Example";
  return result;
}

nlohmann::ordered_json run_checkpoint(const Options& options, const Workload& workload) {
  const ThreadLimit limit(options.threads);
  Model model(workload, options, IdsFrom::memory);
  const std::vector<Batch> batches = id_batches(workload);
  for (size_t k = 0; k < batches.size() && k < 4; k++) model.train_step(batches[k]);
  const TemporaryFile file;
  const double save = seconds_of([&] { save_checkpoint(file.path, model.params()); });
  const double flush = seconds_of([] { ::sync(); });
  // The first time from the disk, where save() has put it past the system's memory; then from that.
  const auto restore = [&] { restore_checkpoint(file.path, model.params()); };
  const double from_disk = seconds_of(restore), from_memory = seconds_of(restore);
  return {{"checkpoint",
           {{"save_s", rounded(save, 3)},
            {"save_and_sync_s", rounded(save + flush, 3)},
            {"restore_s", rounded(from_memory, 3)},
            {"restore_from_disk_s", rounded(from_disk, 3)},
            {"bytes", std::filesystem::file_size(file.path)}}}};
}

}  // namespace weft::bench
