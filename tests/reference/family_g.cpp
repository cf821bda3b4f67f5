// Family G: DNNClassifier end to end, its heads and metrics.
#include "family_g.h"

namespace weft::reference {

void run_family_g(const Fixture& fixture, Report& report) {
  const Json& config = fixture.config();
  if (config.contains("classifier")) return run_training(fixture, report);
  if (config.contains("losses")) return run_head_evaluation(fixture, report);
  if (config.contains("rows")) return run_classifier_errors(fixture, report);
  if (config.at("results").contains("after_each_batch")) return run_metric_streams(fixture, report);
  run_head_losses(fixture, report);
}

}  // namespace weft::reference
