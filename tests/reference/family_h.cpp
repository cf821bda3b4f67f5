// Family H: checkpoints of TensorFlow and Keras, and warm starts.
#include "family_h.h"

#include "families.h"

namespace weft::reference {

void run_family_h(const Fixture& fixture, Report& report) {
  const Json& config = fixture.config();
  if (config.contains("old_vocabulary")) return run_warm_start(fixture, report);
  if (config.contains("variables")) return run_checkpoint(fixture, report);
  if (config.contains("weights_file")) return run_keras_files(fixture, report);
  const Json& row = config.at("rows").at(0);
  if (row.contains("checkpoint_file")) return run_checkpoint_states(fixture, report);
  if (row.contains("column")) return run_loaded_tables(fixture, report);
  run_damaged_checkpoints(fixture, report);
}

}  // namespace weft::reference
