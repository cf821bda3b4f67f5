// DNNEstimator: a DnnNetwork and a head become an Estimator's model.
#include <weft/estimator/dnn_estimator.h>
#include <weft/estimator/networks/dnn_network.h>

#include <optional>

namespace weft {

struct DNNEstimator::Parts {
  std::shared_ptr<const Head> head;
  std::optional<DnnNetwork> network;
};

namespace {

DnnNetworkOptions network_options(const DNNEstimatorOptions& options) {
  check_feature_columns("DNNEstimator", options.feature_columns);
  return {.hidden_units = options.hidden_units,
          .feature_columns = options.feature_columns,
          .activation_fn = options.activation_fn,
          .dropout = options.dropout,
          .batch_norm = options.batch_norm,
          .logits_dimension = options.head.logits_dimension(),
          .precision = options.config.matmul_precision,
          .names = naming_scheme_of("DNNEstimator", options.names, options.feature_columns)};
}

}  // namespace

DNNEstimator::DNNEstimator(DNNEstimatorOptions options) : DNNEstimator(std::make_shared<Parts>(), std::move(options)) {}

DNNEstimator::DNNEstimator(const std::shared_ptr<Parts>& parts, DNNEstimatorOptions options)
    : Estimator({.model_fn =
                     [&parts, &options](ParameterStore& params) {
                       DnnNetwork& network = parts->network.emplace(params, network_options(options));
                       parts->head = std::make_shared<const Head>(std::move(options.head));
                       EstimatorSpec spec = create_estimator_spec(
                           parts->head,
                           [parts](Tape& tape, const Features& features) { return (*parts->network)(tape, features); },
                           [&network](Features& features) { network.input_layer().prepare(features); });
                       spec.input_counts = [&network] { return network.input_layer().counts(); };
                       spec.reset_input_counts = [&network] { network.input_layer().reset_counts(); };
                       spec.row_origin = [&network](const Parameter& table, int64_t row, const Features& features,
                                                    int64_t example) {
                         return network.input_layer().origin(table, row, features, example);
                       };
                       return spec;
                     },
                 .optimizer = with_names_of(options.names, options.optimizer),
                 .model_dir = options.model_dir,
                 .config = options.config,
                 .warm_start_from = options.warm_start_from,
                 .names = weft::checkpoint_names(options.names, options.optimizer.name)}),
      parts_(parts) {}

Var DNNEstimator::logits(Tape& tape, const Features& features) const {
  return (*parts_->network)(tape, features);
}
const Head& DNNEstimator::head() const {
  return *parts_->head;
}
const InputLayer& DNNEstimator::input_layer() const {
  return parts_->network->input_layer();
}
const DnnNetwork& DNNEstimator::network() const {
  return *parts_->network;
}

}  // namespace weft
