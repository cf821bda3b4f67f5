// The precision-recall curve of a histogram of scores, for TensorBoard.
#pragma once
#include <weft/estimator/metrics/auc.h>
#include <weft/io/events.h>

namespace weft {

/// The counts at the histogram's thresholds, for EventWriter::pr_curve.
PrCurve pr_curve_of(const ScoreHistogram& histogram);

}  // namespace weft
