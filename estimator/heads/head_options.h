// The head that a canned estimator's options describe: the same members in the options of all three families.
#pragma once
#include <weft/estimator/heads/class_head.h>
#include <weft/estimator/heads/regression_head.h>
#include <weft/estimator/naming.h>

namespace weft {

template <class Options>
ClassHead class_head_of(const Options& options) {
  return ClassHead({.n_classes = options.n_classes,
                    .weight_column = options.weight_column,
                    .label_vocabulary = options.label_vocabulary,
                    .loss_reduction = options.loss_reduction,
                    .thresholds = options.thresholds,
                    .metrics = options.metrics});
}

/// Keras' metrics with v2's names.
template <class Options>
RegressionHead regression_head_of(const Options& options) {
  return RegressionHead(
      {.label_dimension = options.label_dimension,
       .weight_column = options.weight_column,
       .loss_reduction = options.loss_reduction,
       .metrics = options.names == NamingScheme::v2 ? MetricDefinitions::keras : MetricDefinitions::v1});
}

}  // namespace weft
