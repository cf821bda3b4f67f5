// LinearClassifier: the head of its options.
#include <weft/estimator/heads/head_options.h>
#include <weft/estimator/linear_classifier.h>

namespace weft {

LinearClassifier::LinearClassifier(const LinearClassifierOptions& options)
    : LinearEstimator({.head = class_head_of(options),
                       .feature_columns = options.feature_columns,
                       .model_dir = options.model_dir,
                       .optimizer = options.optimizer,
                       .sparse_combiner = options.sparse_combiner,
                       .config = options.config,
                       .warm_start_from = options.warm_start_from,
                       .names = options.names}) {}

}  // namespace weft
