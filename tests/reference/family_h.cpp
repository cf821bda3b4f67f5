// Family H: checkpoints of TensorFlow and Keras, and warm starts.
#include "family_h.h"

#include "unsupported.h"

namespace weft::reference {

void run_family_h(const Fixture& fixture, Report& report) {
  if (fixture.config().contains("old_vocabulary")) return run_warm_start(fixture, report);
  require("checkpoint.foreign");
  throw Unsupported("no code for the checkpoints of TensorFlow and Keras");
}

}  // namespace weft::reference
