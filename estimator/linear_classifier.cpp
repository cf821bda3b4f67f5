// LinearClassifier: the head of its options.
#include <weft/estimator/linear_classifier.h>

namespace weft {

LinearClassifier::LinearClassifier(const LinearClassifierOptions& options)
    : LinearEstimator({.head = ClassHead({.n_classes = options.n_classes,
                                          .weight_column = options.weight_column,
                                          .label_vocabulary = options.label_vocabulary,
                                          .loss_reduction = options.loss_reduction,
                                          .thresholds = options.thresholds,
                                          .metrics = options.metrics}),
                       .feature_columns = options.feature_columns,
                       .model_dir = options.model_dir,
                       .optimizer = options.optimizer,
                       .sparse_combiner = options.sparse_combiner,
                       .config = options.config,
                       .warm_start_from = options.warm_start_from,
                       .names = options.names}) {}

}  // namespace weft
