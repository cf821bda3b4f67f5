// Tests of Trainer: exact resume, NaN, what is saved when.
#include <doctest/doctest.h>
#include <weft/core/error.h>
#include <weft/core/ops/ops.h>
#include <weft/core/test_directory.h>
#include <weft/estimator/training/training.h>
#include <weft/layers/dense.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>

#ifndef DOCTEST_CONFIG_DISABLE
namespace weft {
namespace {

// Batches of two numbers that follow from their place in the stream, with positions.
InputFn numbers(int64_t batches, uint64_t fingerprint = 7) {
  return [=] {
    auto next = std::make_shared<int64_t>(0);
    return Dataset(Dataset::Source{
        .draw =
            [=](PendingBatch& pending) {
              if (*next == batches) return false;
              const auto k = static_cast<float>(++*next);
              pending.batch.features["x"] = dense_feature(std::vector<float>{std::sin(k), std::cos(3 * k)});
              pending.batch.size = 2;
              pending.after = {fingerprint, 0, *next};
              return true;
            },
        .make = {},
        .seek = [=](const DatasetPosition& position) { *next = position.examples; },
        .start = {fingerprint, 0, 0}});
  };
}

// A model of two layers; every new one starts from the same numbers.
struct Model {
  ParameterStore params{{.seed = 3}};
  Dense hidden{params, {.name = "hidden", .inputs = 1, .units = 4, .activation = relu}};
  Dense out{params, {.name = "out", .inputs = 4, .units = 1}};
  Trainer trainer;
  std::vector<float> seen;  ///< the first number of every batch

  explicit Model(const std::string& model_dir = {}, const RunConfig& config = {})
      : trainer(params, {.optimizer = adagrad({.learning_rate = 0.1f}), .model_dir = model_dir, .config = config}) {}

  ModelFn model_fn() {
    return [this](Tape& tape, const Batch& batch) {
      const std::vector<float>& x = batch.features.at("x").floats;
      seen.push_back(x[0]);
      const Var logits = out(hidden(tape.constant(Tensor(Shape{2, 1}, std::span<const float>(x)))));
      return sigmoid_cross_entropy(logits, kLabels);
    };
  }
  std::vector<float> state() const {
    std::vector<float> all;
    for (const Parameter& parameter : params) {
      const RowsView value = parameter.value(), slot = parameter.slot(0).view;
      for (int64_t i = 0; i < value.rows; ++i) {
        all.insert(all.end(), value.row(i).begin(), value.row(i).end());
        all.insert(all.end(), slot.row(i).begin(), slot.row(i).end());
      }
    }
    return all;
  }
  static constexpr float kLabels[] = {1.0f, 0.0f};
};

}  // namespace

TEST_CASE("trainer: 2N steps and N + N steps give the same bits, in this object and in another") {
  Model once;
  CHECK(once.trainer.train(numbers(100), once.model_fn(), {.steps = 20}) == 20);

  Model twice;
  for (int i = 0; i < 2; ++i) CHECK(twice.trainer.train(numbers(100), twice.model_fn(), {.steps = 10}) == 10);
  CHECK(twice.state() == once.state());

  const TestDirectory directory;
  {
    Model first(directory.path);
    first.trainer.train(numbers(100), first.model_fn(), {.steps = 10});
  }
  Model second(directory.path);
  CHECK(second.trainer.train(numbers(100), second.model_fn(), {.max_steps = 20}) == 10);
  CHECK(second.params.global_step == 20);
  CHECK(second.state() == once.state());
}

TEST_CASE("trainer: threads do not change the bits") {
  Model one({}, {.threads = 1}), four({}, {.threads = 4});
  one.trainer.train(numbers(50), one.model_fn(), {});
  four.trainer.train(numbers(50), four.model_fn(), {});
  CHECK(one.params.global_step == 50);
  CHECK(one.state() == four.state());
}

TEST_CASE("trainer: another data set starts at its beginning, an ended one too") {
  const TestDirectory directory;
  Model model(directory.path);
  model.trainer.train(numbers(8), model.model_fn(), {.steps = 3});
  model.trainer.train(numbers(8), model.model_fn(), {.steps = 1});
  CHECK(model.seen.back() == std::sin(4.0f));
  model.trainer.train(numbers(8, 99), model.model_fn(), {.steps = 1});
  CHECK(model.seen.back() == std::sin(1.0f));
  CHECK(model.trainer.train(numbers(8, 99), model.model_fn()) == 7);  // to the end
  model.trainer.train(numbers(8, 99), model.model_fn(), {.steps = 8});
  CHECK(model.seen.back() == std::sin(8.0f));
  model.trainer.train(numbers(8, 99), model.model_fn(), {.steps = 1});  // the position was the very end
  CHECK(model.seen.back() == std::sin(1.0f));
}

TEST_CASE("trainer: NaN stops the training, the last checkpoint is taken up again") {
  const TestDirectory directory;
  Model model(directory.path, {.save_checkpoints_steps = 2});
  const ModelFn good = model.model_fn();
  int calls = 0;
  const ModelFn bad = [&](Tape& tape, const Batch& batch) {
    Var loss = good(tape, batch);
    if (++calls == 6) loss.value()[0] = std::nanf("");
    return loss;
  };
  CHECK_THROWS_WITH_AS(model.trainer.train(numbers(100), bad, {.steps = 10}),
                       doctest::Contains("NaN loss during training.: got nan at step 6"), Error);
  CHECK(ModelDirectory(directory.path).latest() == ModelDirectory(directory.path).checkpoint_path(4));
  CHECK(model.trainer.train(numbers(100), good, {.max_steps = 10}) == 6);
  Model once;
  once.trainer.train(numbers(100), once.model_fn(), {.steps = 10});
  CHECK(model.state() == once.state());
}

TEST_CASE("trainer: an infinite loss, and a last step that is no number, are not saved either") {
  const TestDirectory directory;
  const ModelDirectory files(directory.path);
  Model model(directory.path, {.save_checkpoints_steps = 1, .keep_checkpoint_max = 1});
  const ModelFn good = model.model_fn();
  model.trainer.train(numbers(100), good, {.steps = 3});
  const ModelFn infinite = [&](Tape& tape, const Batch& batch) {
    Var loss = good(tape, batch);
    loss.value()[0] = std::numeric_limits<float>::infinity();
    return loss;
  };
  CHECK_THROWS_WITH_AS(model.trainer.train(numbers(100), infinite, {.steps = 1}),
                       doctest::Contains("got inf at step 4"), Error);
  const auto spoil = [&] {
    model.params.at("out/kernel").value().data[2] = std::nanf("");
    return true;
  };
  CHECK_THROWS_WITH_AS(model.trainer.train(numbers(100), good, {.should_stop = spoil}),
                       doctest::Contains("NaN loss during training.: got nan in 'out/kernel' after step 4"), Error);
  CHECK(files.latest() == files.checkpoint_path(3));
  model.trainer.train(numbers(100), good, {.max_steps = 10});
  Model once;
  once.trainer.train(numbers(100), once.model_fn(), {.steps = 10});
  CHECK(model.state() == once.state());
}

TEST_CASE("trainer: gradients of a call that threw are forgotten") {
  Model model, once;
  const ModelFn good = model.model_fn();
  const ModelFn throwing = [&](Tape& tape, const Batch& batch) -> Var {
    tape.backward(good(tape, batch));
    throw DataError("after the gradients");
  };
  CHECK_THROWS_AS(model.trainer.train(numbers(100), throwing), DataError);
  model.trainer.train(numbers(100), good, {.steps = 2});
  once.trainer.train(numbers(100), once.model_fn(), {.steps = 2});
  CHECK(model.state() == once.state());
}

TEST_CASE("trainer: an input that fails before the first step leaves no checkpoint") {
  const TestDirectory directory;
  Model model(directory.path);
  const InputFn unreadable = []() -> Dataset { throw IoError("no such file"); };
  const InputFn damaged = [] { return Dataset([](Batch&) -> bool { throw DataError("damaged"); }); };
  CHECK_THROWS_AS(model.trainer.train(unreadable, model.model_fn()), IoError);
  CHECK_THROWS_AS(model.trainer.train(damaged, model.model_fn()), DataError);
  CHECK_THROWS_AS(model.trainer.train(numbers(0), model.model_fn()), ValueError);
  CHECK_FALSE(ModelDirectory(directory.path).latest());
  CHECK(std::filesystem::is_empty(directory.path));
}

TEST_CASE("trainer: an empty batch without a loss is called that") {
  Model model;
  const InputFn empty = [] { return Dataset([](Batch&) { return true; }); };
  const ModelFn mean_of_none = [&](Tape& tape, const Batch&) { return mean(model.out(tape.constant(Tensor({0, 4})))); };
  CHECK_THROWS_WITH_AS(model.trainer.train(empty, mean_of_none), doctest::Contains("the batch of step 1 is empty"),
                       ValueError);
}

TEST_CASE("trainer: as many steps as there are numbers, of a resumed model too") {
  Model model;
  model.trainer.train(numbers(10), model.model_fn(), {.steps = 3});
  CHECK(model.trainer.train(numbers(10), model.model_fn(), {.steps = std::numeric_limits<int64_t>::max()}) == 7);
}

TEST_CASE("trainer: the start and the end are saved, the newest are kept") {
  const TestDirectory directory;
  Model model(directory.path, {.save_checkpoints_steps = 3, .keep_checkpoint_max = 2});
  const ModelDirectory files(directory.path);
  const ModelFn inner = model.model_fn();
  const ModelFn model_fn = [&](Tape& tape, const Batch& batch) {
    if (model.params.global_step == 0) CHECK(files.latest() == files.checkpoint_path(0));
    return inner(tape, batch);
  };
  model.trainer.train(numbers(100), model_fn, {.steps = 7});
  CHECK(files.latest() == files.checkpoint_path(7));
  CHECK(std::filesystem::exists(files.checkpoint_path(6)));
  CHECK_FALSE(std::filesystem::exists(files.checkpoint_path(3)));
}

TEST_CASE("trainer: progress is reported every few steps and at the end") {
  Model model;
  std::vector<TrainProgress> reports;
  const auto progress = [&](const TrainProgress& p) { reports.push_back(p); };
  model.trainer.train(numbers(100), model.model_fn(), {.steps = 7, .progress = progress, .progress_steps = 3});
  REQUIRE(reports.size() == 3);
  CHECK(reports[0].step == 3);
  CHECK(reports[1].examples == 12);
  CHECK(reports[2].step == 7);
  CHECK(reports[2].last_step == 7);
  CHECK(reports[2].loss > 0.0);
}

TEST_CASE("trainer: should_stop ends the call and saves") {
  const TestDirectory directory;
  Model model(directory.path);
  CHECK(model.trainer.train(numbers(100), model.model_fn(),
                            {.should_stop = [&] { return model.params.global_step == 4; }}) == 4);
  CHECK(ModelDirectory(directory.path).latest() == ModelDirectory(directory.path).checkpoint_path(4));
}

TEST_CASE("trainer: max_steps that are done are nothing to do") {
  Model model;
  CHECK(model.trainer.train(numbers(100), model.model_fn(), {.max_steps = 3}) == 3);
  CHECK(model.trainer.train(numbers(100), model.model_fn(), {.max_steps = 3}) == 0);
}

TEST_CASE("trainer: options and inputs that can't be") {
  Model model;
  const auto train = [&](const InputFn& input_fn, const TrainOptions& options) {
    model.trainer.train(input_fn, model.model_fn(), options);
  };
  CHECK_THROWS_WITH_AS(train(numbers(1), {.steps = 1, .max_steps = 1}),
                       doctest::Contains("Can not provide both steps and max_steps"), ValueError);
  CHECK_THROWS_WITH_AS(train(numbers(1), {.steps = 0}), doctest::Contains("Must specify steps > 0, given: 0"),
                       ValueError);
  CHECK_THROWS_AS(train(numbers(1), {.max_steps = -1}), ValueError);
  CHECK_THROWS_AS(train(numbers(1), {.progress_steps = 0}), ValueError);
  CHECK_THROWS_WITH_AS(train(numbers(0), {}), doctest::Contains("the input has no batches"), ValueError);
  CHECK_THROWS_WITH_AS(train(InputFn{}, {}), doctest::Contains("input_fn must be callable: got an empty function."),
                       ValueError);
  CHECK_THROWS_WITH_AS(model.trainer.train(numbers(1), ModelFn{}),
                       doctest::Contains("model_fn must be callable: got an empty function."), ValueError);
  CHECK(model.params.global_step == 0);
}

TEST_CASE("trainer: a model_dir that can't be one is an error before the first step") {
  const TestDirectory directory;
  const std::string file = directory.path + "/file";
  std::ofstream(file) << "not a directory";
  CHECK_THROWS_AS(Model(file + "/model"), IoError);
  CHECK(std::filesystem::is_regular_file(file));
}

TEST_CASE("trainer: a checkpoint of another shape is refused and nothing changes") {
  const TestDirectory directory;
  {
    ParameterStore params;
    const Dense layer(params, {.name = "hidden", .inputs = 2, .units = 4});
    Trainer trainer(params, {.model_dir = directory.path});
    trainer.train(numbers(1), [&](Tape& tape, const Batch&) {
      return sum(layer(tape.constant(Tensor::zeros(Shape{1, 2}))));
    });
  }
  Model model(directory.path);
  const float before = model.params.at("hidden/kernel").value().data[0];
  CHECK_THROWS_AS(model.trainer.restore(), DataError);
  CHECK(model.params.at("hidden/kernel").value().data[0] == before);
}

}  // namespace weft
#endif
