// EstimatorSpec of a head: targets are read, the loss is the head's, so are metrics and predictions.
#include <weft/core/error.h>
#include <weft/estimator/estimator_spec.h>

namespace weft {

namespace {

// What the functions of a spec share.
struct HeadedModel {
  std::shared_ptr<const Head> head;
  LogitsFn logits;
};

// An evaluation has targets of its own, for it may run while a training step is under way.
struct HeadEvaluation {
  std::shared_ptr<const HeadedModel> model;
  HeadMetrics metrics;
  Targets targets;
  const Tensor* logits = nullptr;  ///< of the batch that was added last

  explicit HeadEvaluation(std::shared_ptr<const HeadedModel> headed)
      : model(std::move(headed)), metrics(*model->head) {}
  double add(Tape& tape, const Batch& batch) {
    logits = &model->logits(tape, batch.features).value();
    model->head->read_targets(batch.labels, batch.features, logits->shape()[0], targets);
    return metrics.add(*logits, targets);
  }
  void predict(Predictions& out) const { model->head->predict(*logits, out); }
};

}  // namespace

EstimatorSpec create_estimator_spec(std::shared_ptr<const Head> head, LogitsFn logits,
                                    std::function<void(Features&)> prepare) {
  if (!logits)
    throw ValueError("[create_estimator_spec] logits must be callable: got an empty function. Give it a body.");
  const auto model = std::make_shared<const HeadedModel>(HeadedModel{std::move(head), std::move(logits)});
  const auto targets = std::make_shared<Targets>();
  return {.loss =
              [model, targets](Tape& tape, const Batch& batch) {
                const Var x = model->logits(tape, batch.features);
                model->head->read_targets(batch.labels, batch.features, x.shape()[0], *targets);
                return model->head->loss(x, *targets);
              },
          .evaluation =
              [model] {
                const auto evaluation = std::make_shared<HeadEvaluation>(model);
                return Evaluation{
                    .add = [evaluation](Tape& tape, const Batch& batch) { return evaluation->add(tape, batch); },
                    .result = [evaluation] { return evaluation->metrics.result(); },
                    .predict = [evaluation](Predictions& out) { evaluation->predict(out); }};
              },
          .predict = [model](Tape& tape, const Features& features,
                             Predictions& out) { model->head->predict(model->logits(tape, features).value(), out); },
          .prepare = std::move(prepare)};
}

EstimatorSpec create_estimator_spec(Head head, LogitsFn logits, std::function<void(Features&)> prepare) {
  return create_estimator_spec(std::make_shared<const Head>(std::move(head)), std::move(logits), std::move(prepare));
}

}  // namespace weft
