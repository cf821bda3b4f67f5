// Modes that train: e2e and step.
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/core/parallel.h>

#include <memory>
#include <numeric>

#include "clock.h"
#include "metrics.h"
#include "model.h"
#include "modes.h"
#include "profile.h"

namespace weft::bench {
namespace {

Dataset epoch_of(const Model& model, const Workload& workload, const ThreadPlan& plan) {
  Dataset dataset = read_examples({.files = {},
                                   .more_files = workload.train_files,
                                   .spec = model.spec(),
                                   .label = workload.label,
                                   .batch_size = workload.batch,
                                   .drop_remainder = true});
  dataset.map([&model](Batch& batch) { model.input().prepare(batch.features); })
      .prefetch(plan.readers, plan.batches_ahead);
  return dataset;
}

/// Trains over the training set, or its first --max-examples; without a clock nothing is counted.
void train_epoch(Model& model, const Options& options, const Workload& workload, const ThreadPlan& plan, Clock* clock,
                 ExampleWork* work = nullptr) {
  int64_t examples = 0;
  for (const Batch& batch : epoch_of(model, workload, plan)) {
    model.train_step(batch);
    if (clock != nullptr) clock->tick(batch.size);
    if (work != nullptr && examples == 0) *work = work_of(workload, batch, !workload.strings);
    examples += batch.size;
    if (options.max_examples > 0 && examples >= options.max_examples) break;
  }
  if (examples == 0)
    throw ValueError(
        fmt::format("[weft_bench] an epoch is less than a batch of {}. Give a smaller --batch.", workload.batch));
}

nlohmann::ordered_json evaluate(const Model& model, const Workload& workload, const ThreadPlan& plan) {
  Dataset dataset = read_examples({.files = {},
                                   .more_files = workload.eval_files,
                                   .spec = model.spec(),
                                   .label = workload.label,
                                   .batch_size = std::max<int64_t>(workload.batch, 1024)});
  dataset.map([&model](Batch& batch) { model.input().prepare(batch.features); })
      .prefetch(plan.readers, plan.batches_ahead);
  std::vector<float> labels, logits;
  for (const Batch& batch : dataset) {
    Tape tape({.record = false});
    const Tensor& out = model.logits(tape, batch.features).value();
    logits.insert(logits.end(), out.values().begin(), out.values().end());
    labels.insert(labels.end(), batch.labels.integers.begin(), batch.labels.integers.end());
  }
  return {{"loss", rounded(log_loss(labels, logits), 5)},
          {"auc", rounded(auc(labels, logits), 5)},
          {"examples", labels.size()}};
}

}  // namespace

nlohmann::ordered_json run_e2e(const Options& options, const Workload& workload) {
  const ThreadPlan plan = threads_of(workload, options);
  const ThreadLimit limit(plan.compute);
  auto model = std::make_unique<Model>(workload, options, IdsFrom::files);
  Profile profile(options);
  Clock clock({.seconds = options.seconds, .warm_seconds = 0.5, .stages = profile.times()});
  ExampleWork work;
  int64_t epochs = 0;
  do {
    train_epoch(*model, options, workload, plan, &clock, profile.wanted() ? &work : nullptr);
    epochs++;
  } while (clock.counted_seconds() < options.seconds);
  nlohmann::ordered_json result = clock.result();
  result["epochs"] = epochs;
  profile.report(result, work, plan.compute);
  if (options.evaluate) {
    if (epochs > 1) {
      model.reset();  // before the next is made: large tables do not fit twice
      model = std::make_unique<Model>(workload, options, IdsFrom::files);
      train_epoch(*model, options, workload, plan, nullptr);
    }
    result["eval"] = evaluate(*model, workload, plan);
  }
  return result;
}

nlohmann::ordered_json run_step(const Options& options, const Workload& workload) {
  const int threads = threads_of(workload, options).compute;
  const ThreadLimit limit(threads);
  std::vector<Batch> batches = id_batches(workload);
  if (batches.empty())
    throw ValueError(fmt::format("[weft_bench] no batch of {} examples. Give a smaller --batch.", workload.batch));
  Model model(workload, options, IdsFrom::memory);
  int64_t rows = 0;
  for (Batch& batch : batches) {
    model.input().prepare(batch.features);
    for (const std::string& column : workload.columns) rows += batch.features.at(column).size();
  }
  Profile profile(options);
  Clock clock({.seconds = options.seconds, .warm_seconds = 1.0, .stages = profile.times()});
  size_t k = 0;
  do {
    model.train_step(batches[k]);
    k = k + 1 < batches.size() ? k + 1 : 0;
  } while (clock.tick(workload.batch));
  nlohmann::ordered_json result = clock.result();
  result["rows_per_step"] = rows / std::ssize(batches);
  if (profile.wanted()) profile.report(result, work_of(workload, batches[0], true), threads);
  return result;
}

}  // namespace weft::bench
