// Family A: shared embeddings: forward, gradient, names and errors.
#include "families.h"
#include "layer.h"

namespace weft::reference {

void run_family_a(const Fixture& fixture, Report& report) {
  run_layer_case(fixture, report);
}

}  // namespace weft::reference
