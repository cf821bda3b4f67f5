// Optimizer errors: the part of family F with bad arguments.
#pragma once
#include "families.h"

namespace weft::reference {

void run_optimizer_errors(const Fixture& fixture, Report& report);

}  // namespace weft::reference
