// DNNLinearCombinedRegressor: the head of its options.
#include <weft/estimator/dnn_linear_combined_regressor.h>
#include <weft/estimator/heads/head_options.h>

namespace weft {

DNNLinearCombinedRegressor::DNNLinearCombinedRegressor(const DNNLinearCombinedRegressorOptions& options)
    : DNNLinearCombinedEstimator({.head = regression_head_of(options),
                                  .model_dir = options.model_dir,
                                  .linear_feature_columns = options.linear_feature_columns,
                                  .linear_optimizer = options.linear_optimizer,
                                  .dnn_feature_columns = options.dnn_feature_columns,
                                  .dnn_optimizer = options.dnn_optimizer,
                                  .dnn_hidden_units = options.dnn_hidden_units,
                                  .dnn_activation_fn = options.dnn_activation_fn,
                                  .dnn_dropout = options.dnn_dropout,
                                  .batch_norm = options.batch_norm,
                                  .linear_sparse_combiner = options.linear_sparse_combiner,
                                  .config = options.config,
                                  .warm_start_from = options.warm_start_from,
                                  .names = options.names}) {}

}  // namespace weft
