// DNNRegressor: the head of its options.
#include <weft/estimator/dnn_regressor.h>

namespace weft {

DNNRegressor::DNNRegressor(const DNNRegressorOptions& options)
    : DNNEstimator({.head = RegressionHead({.label_dimension = options.label_dimension,
                                            .weight_column = options.weight_column,
                                            .loss_reduction = options.loss_reduction,
                                            .metrics = options.names == NamingScheme::v2 ? MetricDefinitions::keras
                                                                                         : MetricDefinitions::v1}),
                    .hidden_units = options.hidden_units,
                    .feature_columns = options.feature_columns,
                    .model_dir = options.model_dir,
                    .optimizer = options.optimizer,
                    .activation_fn = options.activation_fn,
                    .dropout = options.dropout,
                    .batch_norm = options.batch_norm,
                    .config = options.config,
                    .warm_start_from = options.warm_start_from,
                    .names = options.names}) {}

}  // namespace weft
