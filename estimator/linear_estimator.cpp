// LinearEstimator: a LinearModel and a head become an Estimator's model.
#include <weft/estimator/linear_estimator.h>
#include <weft/estimator/networks/dnn_network.h>

#include <algorithm>
#include <cmath>

namespace weft {

struct LinearEstimator::Parts {
  std::shared_ptr<const Head> head;
  std::optional<LinearModel> model;
};

namespace {

LinearModelOptions model_options(const LinearEstimatorOptions& options) {
  return {.scope = linear_model_scope(),
          .units = options.head.logits_dimension(),
          .sparse_combiner = options.sparse_combiner};
}

Optimizer optimizer_of(const LinearEstimatorOptions& options) {
  check_feature_columns("LinearEstimator", options.feature_columns);
  return options.optimizer ? *options.optimizer : default_linear_optimizer(options.feature_columns);
}

}  // namespace

Optimizer default_linear_optimizer(const FeatureColumns& columns, float most) {
  const float rate = 1.0f / std::sqrt(static_cast<float>(std::max<size_t>(columns.size(), 1)));
  return ftrl({.learning_rate = std::min(most, rate)});
}

LinearEstimator::LinearEstimator(LinearEstimatorOptions options)
    : LinearEstimator(std::make_shared<Parts>(), std::move(options)) {}

LinearEstimator::LinearEstimator(const std::shared_ptr<Parts>& parts, LinearEstimatorOptions options)
    : Estimator(
          {.model_fn =
               [&parts, &options](ParameterStore& params) {
                 LinearModel& model = parts->model.emplace(params, options.feature_columns, model_options(options));
                 parts->head = std::make_shared<const Head>(std::move(options.head));
                 EstimatorSpec spec = create_estimator_spec(
                     parts->head,
                     [parts](Tape& tape, const Features& features) { return (*parts->model)(tape, features); },
                     [&model](Features& features) { model.prepare(features); });
                 spec.input_counts = [&model] { return model.counts(); };
                 spec.reset_input_counts = [&model] { model.reset_counts(); };
                 spec.row_origin = [&model](const Parameter& table, int64_t row, const Features& features,
                                            int64_t example) { return model.origin(table, row, features, example); };
                 return spec;
               },
           .optimizer = with_names_of(options.names, optimizer_of(options), CannedModel::linear),
           .model_dir = options.model_dir,
           .config = options.config,
           .warm_start_from = options.warm_start_from,
           .names = weft::checkpoint_names(options.names, optimizer_of(options).name, CannedModel::linear)}),
      parts_(parts) {}

Var LinearEstimator::logits(Tape& tape, const Features& features) const {
  return (*parts_->model)(tape, features);
}
const Head& LinearEstimator::head() const {
  return *parts_->head;
}
const LinearModel& LinearEstimator::linear_model() const {
  return *parts_->model;
}

}  // namespace weft
