// Model: one table shared by all columns, hidden layers with ReLU, one logit; and the threads it runs on.
#pragma once
#include <weft/core/features.h>
#include <weft/core/parameter.h>
#include <weft/core/parse_spec.h>
#include <weft/core/tape.h>
#include <weft/estimator/training/thread_plan.h>
#include <weft/io/dataset.h>
#include <weft/layers/dense.h>
#include <weft/layers/input_layer.h>
#include <weft/optim/optimizer.h>

#include <string>
#include <vector>

#include "options.h"
#include "workload.h"

namespace weft::bench {

/// How ids come: as names or numbers in files, or already as numbers below vocab.
enum class IdsFrom { files, memory };

/// The workload's columns, all on one table of the given dimension.
std::vector<FeatureColumn> shared_columns(const Workload& workload, int64_t dimension, IdsFrom from);
/// What to parse: the columns and the label.
ParseSpec parse_spec(const Workload& workload, const std::vector<FeatureColumn>& columns);

/// The peers' model: mean of each column's rows, concatenated, Dense + ReLU for every hidden layer, Dense(1); the loss
/// is the sum of the sigmoid cross entropies.
class Model {
 public:
  Model(const Workload& workload, const Options& options, IdsFrom from);
  /// [batch, 1].
  Var logits(Tape& tape, const Features& features) const;
  /// Forward, backward and the optimizer's step.
  void train_step(const Batch& batch);

  const InputLayer& input() const { return input_; }
  const ParseSpec& spec() const { return spec_; }
  ParameterStore& params() { return params_; }

 private:
  ParameterStore params_;
  Optimizer optimizer_;
  std::vector<FeatureColumn> columns_;
  ParseSpec spec_;
  InputLayer input_;
  std::vector<Dense> layers_;
};

/// The estimator's division of --threads by the size of a step; --compute-threads and --input-threads overrule.
ThreadPlan threads_of(const Workload& workload, const Options& options);

}  // namespace weft::bench
