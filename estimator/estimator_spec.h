// EstimatorSpec: what a model does with a batch: its loss, its evaluation, its predictions
// (tf.estimator.EstimatorSpec).
#pragma once
#include <weft/core/features.h>
#include <weft/core/parameter.h>
#include <weft/core/tape.h>
#include <weft/estimator/heads/head.h>
#include <weft/estimator/metrics/metrics.h>
#include <weft/layers/input_layer.h>
#include <weft/layers/row_origin.h>

#include <functional>
#include <memory>
#include <vector>

namespace weft {

/// One evaluation: what is counted from batch to batch.
struct Evaluation {
  /// Adds a batch, on a tape that does not record; returns the batch's loss.
  std::function<double(Tape& tape, const Batch& batch)> add;
  /// The metrics of all batches, without `loss` and `global_step`, which evaluate() adds.
  std::function<Metrics()> result;
  /// Predicts for the batch that was added last, whose tape still lives; absent: EvaluateOptions::add_metrics can't be.
  std::function<void(Predictions& out)> predict = {};
};

/// Functions on the layers of one model, which they share. What they point a tape to must live until their next call.
struct EstimatorSpec {
  /// The loss of a batch, a scalar, to train on.
  std::function<Var(Tape& tape, const Batch& batch)> loss;
  /// Starts an evaluation; absent: evaluate() gives the mean of the batches' losses alone.
  std::function<Evaluation()> evaluation = {};
  /// The predictions for a batch, on a tape that does not record; absent: predict() throws.
  std::function<void(Tape& tape, const Features& features, Predictions& out)> predict = {};
  /// Runs on every batch where it is made, on several threads at once: InputLayer::prepare.
  std::function<void(Features& features)> prepare = {};
  /// What the layers dropped of their input (InputLayer::counts), and a new start of the count; absent: not counted.
  std::function<std::vector<ColumnCounts>()> input_counts = {};
  std::function<void()> reset_input_counts = {};
  /// Which value of an example reads a row of a table: InputLayer::origin. For the error when a number is not finite.
  RowOriginFn row_origin = {};
};

/// Makes a model's parameters in the store and says what the model does with them. Called once, by the estimator.
using EstimatorModelFn = std::function<EstimatorSpec(ParameterStore& params)>;

/// The logits of a batch, [batch, head.logits_dimension()].
using LogitsFn = std::function<Var(Tape& tape, const Features& features)>;

/// The spec of a model that is logits with a head on them (Head.create_estimator_spec).
EstimatorSpec create_estimator_spec(Head head, LogitsFn logits, std::function<void(Features&)> prepare = {});
/// The same with a head that others read too.
EstimatorSpec create_estimator_spec(std::shared_ptr<const Head> head, LogitsFn logits,
                                    std::function<void(Features&)> prepare = {});

}  // namespace weft
