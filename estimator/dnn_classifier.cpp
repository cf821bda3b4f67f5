// DNNClassifier: the head of its options.
#include <weft/estimator/dnn_classifier.h>
#include <weft/estimator/heads/head_options.h>

namespace weft {

DNNClassifier::DNNClassifier(const DNNClassifierOptions& options)
    : DNNEstimator({.head = class_head_of(options),
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
