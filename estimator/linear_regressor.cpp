// LinearRegressor: the head of its options.
#include <weft/estimator/linear_regressor.h>

namespace weft {

LinearRegressor::LinearRegressor(const LinearRegressorOptions& options)
    : LinearEstimator({.head = RegressionHead({.label_dimension = options.label_dimension,
                                               .weight_column = options.weight_column,
                                               .loss_reduction = options.loss_reduction,
                                               .metrics = options.names == NamingScheme::v2 ? MetricDefinitions::keras
                                                                                            : MetricDefinitions::v1}),
                       .feature_columns = options.feature_columns,
                       .model_dir = options.model_dir,
                       .optimizer = options.optimizer,
                       .sparse_combiner = options.sparse_combiner,
                       .config = options.config,
                       .warm_start_from = options.warm_start_from,
                       .names = options.names}) {}

}  // namespace weft
