// Layer: runs the columns of a case through an input layer and compares all that families A and B store.
#pragma once
#include "families.h"

namespace weft::reference {

/// Columns side by side: ids, outputs, gradients, names, in both interfaces; or the error.
void run_layer_case(const Fixture& fixture, Report& report);
/// The ids of categorical columns alone: `result/<number>/{ids,weights}`.
void run_id_case(const Fixture& fixture, Report& report);

}  // namespace weft::reference
