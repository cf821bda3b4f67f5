// Family H in parts: warm starts.
#pragma once
#include "families.h"

namespace weft::reference {

void run_warm_start(const Fixture& fixture, Report& report);  ///< what a second model starts with

}  // namespace weft::reference
