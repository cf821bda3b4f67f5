// Family G in parts: training runs, heads, metric streams, errors.
#pragma once
#include "families.h"

namespace weft::reference {

void run_training(const Fixture& fixture, Report& report);           ///< DNNClassifier from the first state to the last
void run_head_losses(const Fixture& fixture, Report& report);        ///< loss and gradient under every reduction
void run_head_evaluation(const Fixture& fixture, Report& report);    ///< a head's metrics and predictions
void run_metric_streams(const Fixture& fixture, Report& report);     ///< every metric after every batch
void run_classifier_errors(const Fixture& fixture, Report& report);  ///< bad arguments and bad data

}  // namespace weft::reference
