// Model: written as a user of weft would write it.
#include "model.h"

#include <doctest/doctest.h>
#include <weft/core/ops/ops.h>
#include <weft/core/stage_timer.h>

namespace weft::bench {
namespace {

/// Products of all layers in forward and both backward passes.
double operations_per_example(const Workload& workload) {
  double operations = 0;
  int64_t inputs = std::ssize(workload.columns) * workload.dim;
  for (const int64_t units : workload.hidden) {
    operations += 6.0 * static_cast<double>(inputs * units);
    inputs = units;
  }
  return operations;
}

Optimizer optimizer_of(const Options& options) {
  if (options.optimizer == "sgd") return sgd({.learning_rate = 0.05f});
  if (options.optimizer == "rowwise_adagrad") return rowwise_adagrad({.learning_rate = 0.05f});
  if (options.optimizer == "adam") return adam({.learning_rate = 0.001f});
  return adagrad({.learning_rate = 0.05f, .initial_accumulator_value = 0.1f});
}

}  // namespace

// The defaults are the peers': the mean of a bag, a truncated normal of stddev 1/sqrt(dimension).
std::vector<FeatureColumn> shared_columns(const Workload& workload, int64_t dimension, IdsFrom from) {
  std::vector<CategoricalColumn> categorical;
  for (const std::string& key : workload.columns) {
    if (from == IdsFrom::files && workload.strings) {
      categorical.push_back(
          categorical_column_with_vocabulary_file({.key = key, .vocabulary_file = workload.vocabulary_file}));
    } else {
      categorical.push_back(categorical_column_with_identity({.key = key, .num_buckets = workload.vocab}));
    }
  }
  return shared_embedding_columns(categorical, {.dimension = dimension});
}

ParseSpec parse_spec(const Workload& workload, const std::vector<FeatureColumn>& columns) {
  ParseSpec spec = make_parse_example_spec(columns);
  spec[workload.label] = FixedLenFeature{.shape = {}, .type = DataType::int64};
  return spec;
}

Model::Model(const Workload& workload, const Options& options, IdsFrom from)
    : optimizer_(optimizer_of(options)),
      columns_(shared_columns(workload, workload.dim, from)),
      spec_(parse_spec(workload, columns_)),
      input_((optimizer_.reserve_slots(params_), params_), columns_) {
  int64_t inputs = input_.width();
  for (size_t k = 0; k < workload.hidden.size(); k++) {
    const int64_t units = workload.hidden[k];
    layers_.emplace_back(
        params_, DenseOptions{.name = "hidden_" + std::to_string(k),
                              .inputs = inputs,
                              .units = units,
                              .activation = relu,
                              .precision = options.bfloat16 ? MatmulPrecision::bfloat16 : MatmulPrecision::float32});
    inputs = units;
  }
  layers_.emplace_back(params_, DenseOptions{.name = "logits", .inputs = inputs, .units = 1});
  optimizer_.prepare(params_);
}

Var Model::logits(Tape& tape, const Features& features) const {
  Var x = input_(tape, features);
  for (const Dense& layer : layers_) x = layer(x);
  return x;
}

void Model::train_step(const Batch& batch) {
  const StageTimer timer(Stage::other);  // what the stages within it leave
  Tape tape;
  const Var loss = sigmoid_cross_entropy(logits(tape, batch.features), batch.labels);
  tape.backward(loss);
  optimizer_.step(params_);
}

ThreadPlan threads_of(const Workload& workload, const Options& options) {
  ThreadPlan plan = plan_threads(options.threads, operations_per_example(workload), workload.batch);
  if (options.compute_threads > 0) plan.compute = options.compute_threads;
  if (options.input_threads >= 0) {
    plan.readers = options.input_threads;
    plan.batches_ahead = 2 * plan.readers + 2;
  }
  return plan;
}

TEST_CASE("weft_bench threads: by the size of a step, the command line overrules") {
  Workload small, large;
  small.columns = large.columns = {"a", "b"};
  small.dim = 10, small.batch = 128, small.hidden = {64, 32};
  large.dim = 64, large.batch = 1024, large.hidden = {512, 256, 128};
  Options options;
  options.threads = 2;
  CHECK(threads_of(small, options).compute == 1);
  CHECK(threads_of(large, options).compute == 2);
  options.compute_threads = 3;
  options.input_threads = 4;
  CHECK(threads_of(small, options).compute == 3);
  CHECK(threads_of(small, options).readers == 4);
}

}  // namespace weft::bench
