// DNNLinearCombinedEstimator: two models, one head, two optimizers.
#include <weft/core/error.h>
#include <weft/core/ops/arithmetic.h>
#include <weft/estimator/dnn_linear_combined_estimator.h>
#include <weft/estimator/linear_estimator.h>
#include <weft/estimator/networks/dnn_network.h>

namespace weft {

struct DNNLinearCombinedEstimator::Parts {
  std::shared_ptr<const Head> head;
  std::optional<LinearModel> linear;
  std::optional<DnnNetwork> dnn;

  Var logits(Tape& tape, const Features& features) const {
    if (!linear) return (*dnn)(tape, features);
    if (!dnn) return (*linear)(tape, features);
    return add((*dnn)(tape, features), (*linear)(tape, features));
  }
  void prepare(Features& features) const {
    if (linear) linear->prepare(features);
    if (dnn) dnn->input_layer().prepare(features);
  }
  // The wide part's columns, then the deep part's.
  std::vector<ColumnCounts> counts() const {
    std::vector<ColumnCounts> all;
    if (linear) all = linear->counts();
    if (!dnn) return all;
    const std::vector<ColumnCounts> deep = dnn->input_layer().counts();
    all.insert(all.end(), deep.begin(), deep.end());
    return all;
  }
  void reset_counts() {
    if (linear) linear->reset_counts();
    if (dnn) dnn->input_layer().reset_counts();
  }
  std::optional<RowOrigin> origin(const Parameter& table, int64_t row, const Features& features,
                                  int64_t example) const {
    std::optional<RowOrigin> found;
    if (linear) found = linear->origin(table, row, features, example);
    if (!found && dnn) found = dnn->input_layer().origin(table, row, features, example);
    return found;
  }
};

namespace {

using Options = DNNLinearCombinedEstimatorOptions;

constexpr float kLinearLearningRate = 0.005f;

const Options& checked(const Options& options) {
  if (options.linear_feature_columns.empty() && options.dnn_feature_columns.empty()) {
    throw ValueError(
        "[DNNLinearCombinedEstimator] Either linear_feature_columns or dnn_feature_columns must be defined.: got no "
        "column, expected at least one. Give the model an input.");
  }
  if (!options.dnn_feature_columns.empty() && options.dnn_hidden_units.empty()) {
    throw ValueError(
        "[DNNLinearCombinedEstimator] dnn_hidden_units must be defined when dnn_feature_columns is specified.: got no "
        "layer, expected at least one. Give dnn_hidden_units.");
  }
  return options;
}

Optimizer linear_optimizer_of(const Options& options) {
  if (options.linear_optimizer) return *options.linear_optimizer;
  return default_linear_optimizer(options.linear_feature_columns, kLinearLearningRate);
}

bool is_linear(const Parameter& parameter) {
  return parameter.name().starts_with(linear_model_scope() + "/");
}

// Variables of the linear model by one optimizer, all else by the other. What they keep beside the variables has names
// of its own, TensorFlow's "_1" for the one that is made second.
Optimizer optimizer_of(const Options& options) {
  constexpr CannedModel kModel = CannedModel::dnn_linear_combined;
  Optimizer linear = with_names_of(options.names, linear_optimizer_of(checked(options)), kModel);
  for (ScalarSpec& scalar : linear.scalars) scalar.name += "_1";
  return per_parameter({{.applies = is_linear, .optimizer = std::move(linear)}},
                       with_names_of(options.names, options.dnn_optimizer, kModel));
}

CheckpointNames names_of(const Options& options) {
  CheckpointNames names =
      weft::checkpoint_names(options.names, options.dnn_optimizer.name, CannedModel::dnn_linear_combined);
  names.optimizer_by_prefix[linear_model_scope() + "/"] =
      optimizer_name_of(options.names, linear_optimizer_of(options).name);
  return names;
}

DnnNetworkOptions network_options(const Options& options) {
  return {.hidden_units = options.dnn_hidden_units,
          .feature_columns = options.dnn_feature_columns,
          .activation_fn = options.dnn_activation_fn,
          .dropout = options.dnn_dropout,
          .batch_norm = options.batch_norm,
          .logits_dimension = options.head.logits_dimension(),
          .precision = options.config.matmul_precision,
          .names = naming_scheme_of("DNNLinearCombinedEstimator", options.names, options.dnn_feature_columns)};
}

}  // namespace

DNNLinearCombinedEstimator::DNNLinearCombinedEstimator(DNNLinearCombinedEstimatorOptions options)
    : DNNLinearCombinedEstimator(std::make_shared<Parts>(), std::move(options)) {}

DNNLinearCombinedEstimator::DNNLinearCombinedEstimator(const std::shared_ptr<Parts>& parts, Options options)
    : Estimator({.model_fn =
                     [&parts, &options](ParameterStore& params) {
                       if (!options.dnn_feature_columns.empty()) parts->dnn.emplace(params, network_options(options));
                       if (!options.linear_feature_columns.empty()) {
                         parts->linear.emplace(params, options.linear_feature_columns,
                                               LinearModelOptions{.scope = linear_model_scope(),
                                                                  .units = options.head.logits_dimension(),
                                                                  .sparse_combiner = options.linear_sparse_combiner});
                       }
                       parts->head = std::make_shared<const Head>(std::move(options.head));
                       EstimatorSpec spec = create_estimator_spec(
                           parts->head,
                           [parts](Tape& tape, const Features& features) { return parts->logits(tape, features); },
                           [parts](Features& features) { parts->prepare(features); });
                       spec.input_counts = [parts] { return parts->counts(); };
                       spec.reset_input_counts = [parts] { parts->reset_counts(); };
                       spec.row_origin = [parts](const Parameter& table, int64_t row, const Features& features,
                                                 int64_t example) {
                         return parts->origin(table, row, features, example);
                       };
                       return spec;
                     },
                 .optimizer = optimizer_of(options),
                 .model_dir = options.model_dir,
                 .config = options.config,
                 .warm_start_from = options.warm_start_from,
                 .names = names_of(options)}),
      parts_(parts) {}

Var DNNLinearCombinedEstimator::logits(Tape& tape, const Features& features) const {
  return parts_->logits(tape, features);
}
const Head& DNNLinearCombinedEstimator::head() const {
  return *parts_->head;
}
const LinearModel* DNNLinearCombinedEstimator::linear_model() const {
  return parts_->linear ? &*parts_->linear : nullptr;
}
const InputLayer* DNNLinearCombinedEstimator::input_layer() const {
  return parts_->dnn ? &parts_->dnn->input_layer() : nullptr;
}

}  // namespace weft
