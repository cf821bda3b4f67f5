// Records: the part of family C that reads record files.
#pragma once
#include "families.h"

namespace weft::reference {

void run_records(const Fixture& fixture, Report& report);        ///< a file: its records, then its end or error
void run_record_errors(const Fixture& fixture, Report& report);  ///< files that can't be opened
void run_check_sums(const Fixture& fixture, Report& report);     ///< CRC-32C, plain and masked

}  // namespace weft::reference
