// Other layers: sequences and linear models of a case, run forward and backward and compared.
#pragma once
#include <weft/layers/linear_model.h>

#include "families.h"

namespace weft::reference {

void run_sequence_case(const Fixture& fixture, Report& report);
void run_linear_case(const Fixture& fixture, Report& report);
/// linear_model's arguments. Throws Unsupported for one that the runner doesn't know.
LinearModelOptions linear_options(const Json& arguments);

}  // namespace weft::reference
