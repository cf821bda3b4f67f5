// Tests of training with Adam, whose rows are left behind between steps: saving and resuming.
#include <doctest/doctest.h>
#include <weft/core/ops/ops.h>
#include <weft/core/test_directory.h>
#include <weft/estimator/training/training.h>

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#ifndef DOCTEST_CONFIG_DISABLE
namespace weft {
namespace {

constexpr int64_t kRows = 50;

// Batches of two examples with one id each; most rows are read seldom.
InputFn ids() {
  return [] {
    auto next = std::make_shared<int64_t>(0);
    return Dataset(Dataset::Source{.draw =
                                       [=](PendingBatch& pending) {
                                         const int64_t k = ++*next;
                                         const auto row = static_cast<float>(k % 5 == 0 ? k * 7 % kRows : k % 3);
                                         pending.batch.features["row"] = dense_feature(std::vector<float>{row, 1});
                                         pending.batch.size = 2;
                                         pending.after = {7, 0, k};
                                         return true;
                                       },
                                   .make = {},
                                   .seek = [=](const DatasetPosition& position) { *next = position.examples; },
                                   .start = {7, 0, 0}});
  };
}

struct Model {
  ParameterStore params{{.seed = 5}};
  Parameter& table =
      params.add({.name = "table", .shape = {kRows, 1}, .initializer = random_normal_initializer(), .table = true});
  Trainer trainer;

  explicit Model(const Optimizer& optimizer, const std::string& model_dir = {}, const RunConfig& config = {})
      : trainer(params, {.optimizer = optimizer, .model_dir = model_dir, .config = config}) {}

  void train(int64_t steps) {
    const ModelFn model_fn = [this](Tape& tape, const Batch& batch) {
      const std::vector<float>& rows = batch.features.at("row").floats;
      const Ids read{{0, 1, 2}, {static_cast<int64_t>(rows[0]), static_cast<int64_t>(rows[1])}, {}};
      return sigmoid_cross_entropy(embedding_lookup(tape, table, read), kLabels);
    };
    CHECK(trainer.train(ids(), model_fn, {.steps = steps}) == steps);
  }
  std::vector<float> state() const {
    std::vector<float> all;
    const auto add = [&](const RowsView& view) {
      for (int64_t i = 0; i < view.rows; ++i) all.insert(all.end(), view.row(i).begin(), view.row(i).end());
    };
    add(table.value());
    for (size_t i = 0; i < table.slot_count(); ++i) add(table.slot(i).view);
    for (const auto& [name, value] : params.scalars()) all.push_back(value);
    return all;
  }
  static constexpr float kLabels[] = {1.0f, 0.0f};
};

}  // namespace

TEST_CASE("trainer: rows left behind are saved up to date, and a resumed run has the bits of one that is not stopped") {
  const Optimizer optimizers[] = {adam({.learning_rate = 0.05f}), adamw({.learning_rate = 0.05f}), keras_rmsprop()};
  for (const Optimizer& optimizer : optimizers) {
    Model once(optimizer);
    once.train(300);
    const TestDirectory often, stopped;
    Model saving(optimizer, often.path, {.save_checkpoints_steps = 7});
    saving.train(300);
    CHECK(saving.state() == once.state());
    {
      Model first(optimizer, stopped.path);
      first.train(133);
    }
    Model second(optimizer, stopped.path, {.threads = 3});
    second.train(167);
    CHECK(second.params.global_step == 300);
    CHECK(second.state() == once.state());
  }
}

TEST_CASE("trainer: a checkpoint of Adam has its means and powers, and nothing of rows left behind") {
  const TestDirectory directory;
  Model model(adam(), directory.path);
  model.train(20);
  std::vector<std::string> names;
  const CheckpointReader reader(*ModelDirectory(directory.path).latest());
  for (const ArrayInfo& array : reader.arrays()) {
    if (!array.name.starts_with("weft/")) names.push_back(array.name);
  }
  CHECK(names ==
        std::vector<std::string>{"beta1_power", "beta2_power", "global_step", "table", "table/Adam", "table/Adam_1"});
  const float saved = reader.read_floats("table")[49];
  CHECK(saved == model.table.value().row(49)[0]);
}

}  // namespace weft
#endif
