// DNNClassifier: the head of its options.
#include <weft/estimator/dnn_classifier.h>

namespace weft {

namespace {

Head head_of(const DNNClassifierOptions& options) {
  return ClassHead({.n_classes = options.n_classes,
                    .weight_column = options.weight_column,
                    .label_vocabulary = options.label_vocabulary,
                    .loss_reduction = options.loss_reduction,
                    .thresholds = options.thresholds,
                    .metrics = options.metrics});
}

}  // namespace

DNNClassifier::DNNClassifier(const DNNClassifierOptions& options)
    : DNNEstimator({.head = head_of(options),
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
